/** Rule: the proof that a disk boots. */
import { rule, stepModule, type Value } from 'dsmb';
import { Report, type Disk } from '../kinds.ts';
import { machineAction } from '../machine/action.ts';
import type { Expectation } from './judge.ts';
import type verifyStep from './verify.step.ts';

/** Attributes of `verifiedDisk`. */
export interface VerifiedDiskAttributes {
  /** The finished disk. It is not changed. */
  readonly disk: Disk;
  /** What it must show; `installed` unless told. `install-screen` is for tests of disks that must not boot. */
  readonly expect?: Value<Expectation>;
  /** Memory of the machine; 1024 unless told. */
  readonly memoryMiB?: Value<number>;
  /** Limit for the boot; 15 unless told. */
  readonly timeoutMinutes?: Value<number>;
}

/** For assembling the disk. */
const BESIDE_MINUTES = 5;

/**
 * Boots a disk alone, on virtio-blk and through the firmware. Passes if the console shows `Partition Version=8` and
 * the installed system answers on port 5000 through a network card that has the MAC of grub.cfg. The report holds
 * `report.json`, `console.log` and `screen.png`.
 */
export const verifiedDisk = rule<VerifiedDiskAttributes, 'Report'>({
  name: 'verifiedDisk',
  makes: Report,
  test: true,
  implement({ disk, expect = 'installed', memoryMiB = 1024, timeoutMinutes = 15 }, actions) {
    const { report } = actions.step({
      mnemonic: 'VerifyDisk',
      module: stepModule<typeof verifyStep>(new URL('./verify.step.ts', import.meta.url)),
      args: { expect, memoryMiB, timeoutMinutes },
      inputs: { disk },
      hints: { assembled: ['disk'] },
      outputs: { report: { name: 'report', kind: Report } },
      ...machineAction(actions, { memoryMiB, timeoutMinutes }, BESIDE_MINUTES),
    });
    return report;
  },
});
