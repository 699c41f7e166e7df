/** What every sandbox has beside the toolchains of its action: fixed environment, mount points, and Node for steps. */
import { toolchain } from '../model/builtin.ts';

/** Libraries that the pinned Node is linked against. */
export const nodeLibraries = toolchain('libc6', 'libstdc++6', 'libgcc-s1', 'libatomic1');

/** The programs that the engine itself needs to run an action. */
export const sandboxTools = toolchain('bubblewrap');

/** The pinned Node: the launcher starts the engine with it, too. */
export function nodeBinary(): string {
  return process.execPath;
}

/** "Now", for everything that an action writes: 2020-01-01. */
export const EPOCH = 1_577_836_800;

/** The whole environment of an action. */
export const ENVIRONMENT: Readonly<Record<string, string>> = {
  HOME: '/tmp',
  LC_ALL: 'C.UTF-8',
  PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
  SOURCE_DATE_EPOCH: String(EPOCH),
  TMPDIR: '/tmp',
  TZ: 'UTC',
};

/** What runs a step, as its key has it. */
export const STEP_COMMAND = { argv: ['/usr/bin/node', '/dsmb/step.mjs'], env: ENVIRONMENT };

/** Where an action may run: x86-64 Linux, with the input root as its root file system. */
export const PLATFORM: Readonly<Record<string, string>> = {
  ISA: 'x86-64',
  OSFamily: 'linux',
  'dsmb-root': 'input-root',
};

/** Empty folders of the root that the sandbox mounts over. */
export const MOUNT_POINTS = ['dev', 'proc', 'tmp', 'out', 'memo', 'in', 'dsmb'];
