/** Whether KVM really runs guests here. A /dev/kvm that opens proves nothing: it may hang every guest. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootSector, DEBUG_EXIT_PORT, DEBUG_EXIT_STATUS } from './boot-sector.ts';
import type { Accelerator } from './machine.ts';

/** A guest that ends at once where the accelerator works: what to write to its disk, how to start it, what it answers. */
export interface Canary {
  /** The content of the disk image. */
  readonly disk: Uint8Array;
  /** Arguments of `qemu-system-x86_64`. */
  readonly args: readonly string[];
  /** QEMU's exit status when the guest ran. */
  readonly expectedStatus: number;
  /** Milliseconds after which the machine counts as hanging and is killed. */
  readonly deadlineMs: number;
}

/** The canary for an accelerator; `diskFile` is the path at which QEMU will find the disk. */
export function canary(accelerator: Accelerator, diskFile: string): Canary {
  return {
    disk: bootSector(),
    args: [
      ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
      ...['-machine', `pc-i440fx-7.2,accel=${accelerator}`, '-m', '16M'],
      ...['-serial', 'stdio', '-device', `isa-debug-exit,iobase=${DEBUG_EXIT_PORT},iosize=4`],
      ...['-drive', `file=${diskFile.replaceAll(',', ',,')},format=raw,if=floppy,readonly=on`, '-boot', 'a'],
    ],
    expectedStatus: DEBUG_EXIT_STATUS,
    deadlineMs: 3000,
  };
}

/** Starts a program, kills it (SIGKILL) after the deadline, and gives its exit status; undefined where it has none. */
export type StartProgram = (
  program: string,
  args: readonly string[],
  deadlineMs: number,
) => Promise<number | undefined>;

/** What the probe saw. */
export interface ProbeResult {
  readonly works: boolean;
  /** For the log and the provenance, for example `the guest did not run within 3000 ms`. */
  readonly reason: string;
}

/**
 * Boots the canary under KVM. Takes 0.1 s where KVM works and the deadline where it hangs: keep the answer, keyed on
 * QEMU's version, the kernel and the CPU. `start` is injected where QEMU must run in a sandbox; `folder` is then a
 * folder that the sandbox sees under the same path.
 */
export async function probeKvm(
  qemu: string,
  { start = startHere, folder = tmpdir() }: { readonly start?: StartProgram; readonly folder?: string } = {},
): Promise<ProbeResult> {
  if (!existsSync('/dev/kvm')) return { works: false, reason: '/dev/kvm does not exist' };
  return probe(qemu, 'kvm', { start, folder });
}

/** Boots the canary under any accelerator. */
export async function probe(
  qemu: string,
  accelerator: Accelerator,
  { start = startHere, folder = tmpdir() }: { readonly start?: StartProgram; readonly folder?: string } = {},
): Promise<ProbeResult> {
  const scratch = await mkdtemp(join(folder, 'canary-'));
  try {
    const diskFile = join(scratch, 'disk.img');
    const { disk, args, expectedStatus, deadlineMs } = canary(accelerator, diskFile);
    await writeFile(diskFile, disk);
    const status = await start(qemu, args, deadlineMs);
    if (status === expectedStatus) return { works: true, reason: 'the canary ran' };
    if (status === undefined) return { works: false, reason: `the guest did not run within ${deadlineMs} ms` };
    return { works: false, reason: `QEMU exited with ${status}` };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Inside a step: the engine gives /dev/kvm to the sandbox only after its canary ran. */
export function availableAccelerator(): Accelerator {
  return existsSync('/dev/kvm') ? 'kvm' : 'tcg';
}

function startHere(program: string, args: readonly string[], deadlineMs: number): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  spawn(program, args, { stdio: 'ignore', timeout: deadlineMs, killSignal: 'SIGKILL' })
    .on('error', reject)
    .on('exit', (status) => resolve(status ?? undefined));
  return promise;
}
