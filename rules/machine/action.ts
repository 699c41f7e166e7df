/** What every action asks of the builder that boots a machine. */
import type { Actions } from 'dsmb';
import { vmTools } from '../toolchains.ts';

/** QEMU's own memory, beside the guest's. */
const OVERHEAD_MIB = 256;

export interface MachineLimits {
  /** Of the guest. */
  readonly memoryMiB: number;
  /** For all that the machine does. */
  readonly timeoutMinutes: number;
}

/** Toolchain, needs and time limit; `besideMinutes` are for the work beside the machine. */
export function machineAction(actions: Actions, { memoryMiB, timeoutMinutes }: MachineLimits, besideMinutes: number) {
  return {
    toolchains: [actions.toolchain(vmTools)],
    needs: { vm: true, memoryMiB: memoryMiB + OVERHEAD_MIB },
    timeoutMs: (timeoutMinutes + besideMinutes) * 60_000,
  } as const;
}
