/** Rule: a disk whose system has started once. */
import { rule, stepModule, Tree, type Value } from 'dsmb';
import { Disk } from '../kinds.ts';
import { machineAction } from '../machine/action.ts';
import type settleStep from './settle.step.ts';

/** Attributes of `settledDisk`. */
export interface SettledDiskAttributes {
  /** A disk that boots alone. */
  readonly disk: Disk;
  /** Memory of the machine; 1024 unless told. */
  readonly memoryMiB?: Value<number>;
  /** Limit for boot and shutdown; 15 unless told. */
  readonly timeoutMinutes?: Value<number>;
}

/** For assembling the disk and storing what changed. */
const BESIDE_MINUTES = 5;

/**
 * Boots a disk on virtio-blk until the installed system answers, switches it off by its power button, and keeps what it
 * wrote: what a system does at its first start is done in the build. The machine writes to an overlay, so only the blocks
 * that it changed are read, hashed and stored. As an installation, the result is known by its inputs.
 */
export const settledDisk = rule<SettledDiskAttributes, 'Disk'>({
  name: 'settledDisk',
  makes: Disk,
  implement({ disk, memoryMiB = 1024, timeoutMinutes = 15 }, actions) {
    const settled = actions.step({
      mnemonic: 'SettleDisk',
      module: stepModule<typeof settleStep>(new URL('./settle.step.ts', import.meta.url)),
      args: { memoryMiB, timeoutMinutes },
      inputs: { disk },
      hints: { assembled: ['disk'] },
      outputs: { disk: { name: 'disk', kind: Disk }, log: { name: 'log', kind: Tree } },
      ...machineAction(actions, { memoryMiB, timeoutMinutes }, BESIDE_MINUTES),
    });
    return settled.disk;
  },
});
