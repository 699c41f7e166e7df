/** Rule: the proof that a Debian installer which somebody starts by hand makes a machine that of an image. */
import { attr, File, rule } from 'dsmb';
import { Installer, Report } from 'dsmb/rules';
import { vmTools } from '../debian-cloud/installed.ts';

const OVERHEAD_MIB = 256;
const OVERHEAD_MINUTES = 5;

/**
 * Boots the Debian installer on a disk full of random bytes, with the address of an installer's `preseed.cfg`. Passes if the
 * installed system then answers with the MAC address of the machine.
 */
export const preseeded = rule({
  name: 'preseeded',
  makes: Report,
  attributes: {
    installer: Installer,
    /** Of the Debian installer, as Debian has them. */
    kernel: File,
    initrd: File,
    /** Memory of the machine; 512 by default. */
    memoryMiB: attr.optional(attr.integer),
    /** Limit for all of it; 30 by default. */
    timeoutMinutes: attr.optional(attr.number),
  },
  test: true,
  implement: ({ installer, kernel, initrd, memoryMiB = 512, timeoutMinutes = 30 }, actions) =>
    actions.step({
      mnemonic: 'StartPreseeded',
      module: () => import('./preseeded.step.ts'),
      args: { memoryMiB, timeoutMinutes },
      inputs: { installer, kernel, initrd },
      outputs: { report: Report },
      toolchains: [actions.toolchain(vmTools)],
      needs: { vm: true, memoryMiB: memoryMiB + OVERHEAD_MIB },
      timeoutMs: (timeoutMinutes + OVERHEAD_MINUTES) * 60_000,
      reproducible: false,
    }).report,
});
