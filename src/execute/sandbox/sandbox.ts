/** The sandbox: the input root as the root file system, in namespaces of its own, made by bubblewrap. */
import type { Store } from '../../../cache/store.ts';
import type { PlannedAction } from '../../plan/key.ts';
import { DESCRIPTORS } from './bubblewrap-files.ts';
import { networkFiles } from './network-files.ts';
import { lentFolders, type Lent } from '../by-hand/lend.ts';
import type { Sandbox } from './sandboxes.ts';
import type { Call } from '../process/spawner.ts';

/** Sees to it that the folders that the sandbox mounts are there. Several processes lay each of them out once in all. */
export async function layOutFolders(
  store: Store,
  action: Pick<PlannedAction, 'base' | 'inputs'>,
  signal: AbortSignal,
): Promise<void> {
  for (const node of [action.base, ...action.inputs.values()]) {
    if (node.type !== 'directory' || store.folders.has(node)) continue;
    await store.locks.with(`tree ${node.digest.hash}`, async () => void store.folders.folder(node), { signal });
  }
}

/** What of the machine an action may use beside its inputs. None of it is in the key. */
export interface Grants {
  /** The device of KVM, where it was seen to work. */
  readonly kvm: boolean;
  /** A folder for content-addressed results that outlives the action. */
  readonly memo: string | undefined;
  /** For what is started by hand. */
  readonly byHand?: {
    readonly network: boolean;
    readonly env: Readonly<Record<string, string>>;
    readonly lent?: readonly Lent[];
    /** It has a terminal, and the session that is that terminal's. */
    readonly terminal: boolean;
  };
}

/** What runs in a sandbox, and on what. */
export interface SandboxedCommand extends Pick<PlannedAction, 'base' | 'inputs'> {
  readonly command: Pick<PlannedAction['command'], 'argv' | 'env'>;
  readonly isStep: boolean;
}

/** All that there are: users, processes, network, mounts, names, System V objects, control groups. And no more of users. */
export const NAMESPACES = ['--unshare-all', '--unshare-user', '--disable-userns'];

/** The bubblewrap call that runs the action's command in its sandbox. */
export function sandboxCall(
  store: Store,
  bubblewrap: readonly string[],
  action: SandboxedCommand,
  sandbox: Sandbox,
  grants: Grants,
): Call {
  const folders = [...action.inputs].flatMap(([name, node]) =>
    node.type === 'directory' ? ['--ro-bind', store.folders.folder(node), `/in/${name}`] : [],
  );
  const { byHand } = grants;
  const environment = Object.entries({ ...action.command.env, ...byHand?.env }).flatMap(([name, value]) => [
    ...['--setenv', name, value],
  ]);
  const devices = new Map([['kvm', '/dev/kvm'], ...sandbox.devices]);
  if (!grants.kvm) devices.delete('kvm');
  const argv = [
    ...bubblewrap,
    ...NAMESPACES,
    ...(byHand?.network ? ['--share-net'] : []),
    ...['--uid', '0', '--gid', '0', '--hostname', 'dsmb'],
    ...['--seccomp', `${DESCRIPTORS.filter}`, '--json-status-fd', `${DESCRIPTORS.status}`],
    // A session of its own has no terminal.
    ...['--die-with-parent', ...(byHand?.terminal ? [] : ['--new-session'])],
    ...['--cap-drop', 'ALL', '--clearenv', ...environment],
    ...['--ro-bind', store.folders.folder(action.base), '/', '--proc', '/proc', '--dev', '/dev'],
    ...(byHand?.network ? networkFiles(store.folders.folder(action.base)) : []),
    // Where there is nothing, the empty folder of the input root does.
    ...(action.isStep ? ['--ro-bind', sandbox.dsmb, '/dsmb'] : []),
    ...(action.isStep || action.inputs.size > 0 ? ['--ro-bind', sandbox.in, '/in'] : []),
    ...folders,
    ...['--bind', sandbox.out, '/out', '--bind', sandbox.tmp, '/tmp'],
    ...lentFolders(byHand?.lent ?? []),
    ...(grants.memo ? ['--bind', grants.memo, '/memo'] : []),
    ...[...devices].flatMap(([name, path]) => ['--dev-bind', path, `/dev/${name}`]),
    // Settings of the kernel, which belong to root, and the memory of processes: files that need no capability.
    ...['--remount-ro', '/proc'],
    ...['--chdir', '/tmp', '--', ...action.command.argv],
  ];
  return { argv, bubblewrap: sandbox.bubblewrap };
}
