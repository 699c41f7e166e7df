/** Rule: the proof that an installer makes a rented host the machine of its image. */
import { attr, rule } from 'dsmb';
import { Disk, Installer, Report } from 'dsmb/rules';
import { vmTools } from '../debian-cloud/installed.ts';

const OVERHEAD_MIB = 256;
const OVERHEAD_MINUTES = 5;

/**
 * Boots a host on a larger disk that is full of random bytes, and types what a user would: `install.sh`, first with
 * `--dry-run`, which may not write anything. Passes if the installed system answers with the MAC address of the host.
 */
export const takenOver = rule({
  name: 'takenOver',
  makes: Report,
  attributes: {
    /** A Debian without a password for root, whose console is the serial port. It is not changed. */
    host: Disk,
    installer: Installer,
    /** Memory of the host; 512 by default. */
    memoryMiB: attr.optional(attr.integer),
    /** Size of its disk; 20 by default. */
    sizeGiB: attr.optional(attr.integer),
    /** Cut the power while blocks are written, and start the installer again; `false` by default. */
    cut: attr.optional(attr.boolean),
    /** The host has an address that no DHCP gives, and a gateway outside of its network; `false` by default. */
    staticNetwork: attr.optional(attr.boolean),
    /** Damage the installer's kernel before the restart: the old system must come back; `false` by default. */
    spoiled: attr.optional(attr.boolean),
    /** Limit for all of it; 30 by default. */
    timeoutMinutes: attr.optional(attr.number),
  },
  test: true,
  implement: (
    {
      host,
      installer,
      memoryMiB = 512,
      sizeGiB = 20,
      cut = false,
      staticNetwork = false,
      spoiled = false,
      timeoutMinutes = 30,
    },
    actions,
  ) =>
    actions.step({
      mnemonic: 'TakeOverHost',
      module: () => import('./taken-over.step.ts'),
      args: { memoryMiB, sizeGiB, timeoutMinutes, cut, staticNetwork, spoiled },
      inputs: { host, installer },
      hints: { assembled: ['host'] },
      outputs: { report: Report },
      toolchains: [actions.toolchain(vmTools)],
      needs: { vm: true, memoryMiB: memoryMiB + OVERHEAD_MIB },
      timeoutMs: (timeoutMinutes + OVERHEAD_MINUTES) * 60_000,
      reproducible: false,
    }).report,
});
