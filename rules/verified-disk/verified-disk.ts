/** Rule: the proof that a disk boots. */
import { attr, rule } from 'dsmb';
import { Disk, Report } from '../kinds.ts';
import { machineAction } from '../machine/action.ts';

/** For assembling the disk. */
const BESIDE_MINUTES = 5;

/**
 * Boots a disk alone, on virtio-blk and through the firmware. Passes if the console shows `Partition Version=8` and
 * the installed system answers on port 5000 through a network card that has the MAC of grub.cfg. The report holds
 * `report.json`, `console.log` and `screen.png`.
 */
export const verifiedDisk = rule({
  name: 'verifiedDisk',
  makes: Report,
  attributes: {
    /** The finished disk. It is not changed. */
    disk: Disk,
    /** What it must show; `installed` by default. `install-screen` is for tests of disks that must not boot. */
    expect: attr.optional(attr.choice(['installed', 'install-screen'])),
    /** Memory of the machine; 1024 by default. */
    memoryMiB: attr.optional(attr.integer),
    /** Limit for the boot; 15 by default. */
    timeoutMinutes: attr.optional(attr.number),
  },
  test: true,
  implement({ disk, expect = 'installed', memoryMiB = 1024, timeoutMinutes = 15 }, actions) {
    const { report } = actions.step({
      mnemonic: 'VerifyDisk',
      module: () => import('./verify.step.ts'),
      args: { expect, memoryMiB, timeoutMinutes },
      inputs: { disk },
      hints: { assembled: ['disk'] },
      outputs: { report: Report },
      ...machineAction(actions, { memoryMiB, timeoutMinutes }, BESIDE_MINUTES),
    });
    return report;
  },
});
