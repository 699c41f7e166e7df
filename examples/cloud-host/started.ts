/** Rule: the proof that an installer writes the disk of a machine which somebody has started in another way than `install.sh`. */
import { attr, File, rule } from 'dsmb';
import { Installer, Report } from 'dsmb/rules';
import { vmTools } from '../debian-cloud/installed.ts';

const OVERHEAD_MIB = 256;
const OVERHEAD_MINUTES = 5;

/**
 * Boots a kernel and an initrd on a disk full of random bytes. Passes if the installed system then answers with the MAC
 * address of the machine.
 */
export const started = rule({
  name: 'started',
  makes: Report,
  attributes: {
    installer: Installer,
    /** A Debian installer as Debian has it, which is told where `preseed.cfg` is; by default, what the installer brings. */
    debian: attr.optional(attr.object({ kernel: File, initrd: File })),
    /** Memory of the machine; 512 by default. */
    memoryMiB: attr.optional(attr.integer),
    /** Limit for all of it; 30 by default. */
    timeoutMinutes: attr.optional(attr.number),
  },
  test: true,
  implement: ({ installer, debian, memoryMiB = 512, timeoutMinutes = 30 }, actions) =>
    actions.step({
      mnemonic: 'StartInstaller',
      module: () => import('./started.step.ts'),
      args: { memoryMiB, timeoutMinutes },
      inputs: { installer, ...debian },
      outputs: { report: Report },
      toolchains: [actions.toolchain(vmTools)],
      needs: { vm: true, memoryMiB: memoryMiB + OVERHEAD_MIB },
      timeoutMs: (timeoutMinutes + OVERHEAD_MINUTES) * 60_000,
      reproducible: false,
    }).report,
});
