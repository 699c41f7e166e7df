/** Rule: the proof that the installed disk boots alone. */
import { attr, rule } from 'dsmb';
import { Disk, Report } from 'dsmb/rules';
import { vmTools } from './installed.ts';

const OVERHEAD_MIB = 256;
const OVERHEAD_MINUTES = 5;

/** Passes if the disk boots by BIOS, gets an address, lets root log in, and dpkg finds every package whole. */
export const booted = rule({
  name: 'booted',
  makes: Report,
  attributes: {
    /** It is not changed. */
    disk: Disk,
    /** Memory of the machine; 256 by default. */
    memoryMiB: attr.optional(attr.integer),
    /** Limit for the boot; 10 by default. */
    timeoutMinutes: attr.optional(attr.number),
  },
  implement: ({ disk, memoryMiB = 256, timeoutMinutes = 10 }, actions) =>
    actions.step({
      mnemonic: 'BootDisk',
      module: () => import('./booted.step.ts'),
      args: { memoryMiB, timeoutMinutes },
      inputs: { disk },
      hints: { assembled: ['disk'] },
      outputs: { report: Report },
      toolchains: [actions.toolchain(vmTools)],
      needs: { vm: true, memoryMiB: memoryMiB + OVERHEAD_MIB },
      timeoutMs: (timeoutMinutes + OVERHEAD_MINUTES) * 60_000,
    }).report,
});
