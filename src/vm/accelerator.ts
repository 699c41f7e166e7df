/**
 * Whether an accelerator really runs guests. A /dev/kvm that opens proves nothing: it may hang every guest, or emulate
 * each instruction, a hundred times slower than QEMU does (inside some virtual machines).
 */
import { existsSync } from 'node:fs';
import { bootSector, DEBUG_EXIT_PORT, DEBUG_EXIT_STATUS, HELLO } from './boot-sector.ts';
import type { Accelerator } from './machine.ts';

/** A guest that ends at once where the accelerator works: what to write to its disk, how to start it, what it answers. */
export interface Canary {
  /** The content of the disk image. */
  readonly disk: Uint8Array;
  /** Arguments of `qemu-system-x86_64`. */
  readonly args: readonly string[];
  /** QEMU's exit status when the guest ran; any other means that the accelerator does not work. */
  readonly expectedStatus: number;
  /** Milliseconds after which the machine counts as hanging and must be killed (SIGKILL). */
  readonly deadlineMs: number;
}

/** Real processors count this in 0.02 s, QEMU's own emulation in 0.1 s, a KVM that emulates in more than 5 s. */
const COUNT = 20_000_000;

/**
 * The canary for an accelerator; `diskFile` is the path at which QEMU will find the disk. It takes 0.2 s where the
 * accelerator works and the deadline where it hangs or crawls: keep the answer, keyed on QEMU's version, the kernel and the CPU.
 */
export function canary(accelerator: Accelerator, diskFile: string): Canary {
  return {
    disk: bootSector(HELLO, 'exit', COUNT),
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

/** Inside a step: the engine gives /dev/kvm to the sandbox only after its canary ran. */
export function availableAccelerator(): Accelerator {
  if (process.env['DSMB_ACCELERATOR'] === 'tcg') return 'tcg';
  return existsSync('/dev/kvm') ? 'kvm' : 'tcg';
}
