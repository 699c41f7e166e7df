/** Rule: a disk whose system has started once. */
import { attr, rule, Tree } from 'dsmb';
import { Disk } from '../kinds.ts';
import { machineAction } from '../machine/action.ts';

/** For assembling the disk and storing what changed. */
const BESIDE_MINUTES = 5;

/**
 * Boots a disk on virtio-blk until the installed system answers, switches it off by its power button, and keeps what it
 * wrote: what a system does at its first start is done in the build. The machine writes to an overlay, so only the blocks
 * that it changed are read, hashed and stored. As an installation, the result is known by its inputs.
 */
export const settledDisk = rule({
  name: 'settledDisk',
  makes: Disk,
  attributes: {
    /** A disk that boots alone. */
    disk: Disk,
    /** Memory of the machine; 1024 by default. */
    memoryMiB: attr.optional(attr.integer),
    /** Limit for boot and shutdown; 15 by default. */
    timeoutMinutes: attr.optional(attr.number),
  },
  implement({ disk, memoryMiB = 1024, timeoutMinutes = 15 }, actions) {
    const settled = actions.step({
      mnemonic: 'SettleDisk',
      module: () => import('./settle.step.ts'),
      args: { memoryMiB, timeoutMinutes },
      inputs: { disk },
      hints: { assembled: ['disk'] },
      outputs: { disk: Disk, log: Tree },
      ...machineAction(actions, { memoryMiB, timeoutMinutes }, BESIDE_MINUTES),
    });
    return settled.disk;
  },
});
