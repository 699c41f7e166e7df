/** Rule: what the script says on a host of some kind, and what becomes of that host. */
import { attr, File, rule, Tree } from 'dsmb';
import { Installer, Report } from 'dsmb/rules';
import { vmTools } from '../../debian-cloud/installed.ts';

const OVERHEAD_MIB = 256;
const OVERHEAD_MINUTES = 5;

/**
 * Boots a small host, which makes its storage, and types `install.sh --dry-run` with some words, which may not write
 * anything. Where `install` is given, the host becomes the NAS.
 */
export const looked = rule({
  name: 'looked',
  makes: Report,
  attributes: {
    kernel: File,
    initrd: File,
    installer: Installer,
    /** What its storage is. */
    kind: attr.choice(['lvm', 'md', 'btrfs', 'extlinux', 'efi']),
    /** Words of the call to a regular expression for what it says. */
    looks: attr.record(attr.string),
    /** Words with which the script makes the host the NAS; by default it is not called but for looks. */
    install: attr.optional(attr.string),
    /** Package of a UEFI; a BIOS by default. */
    firmware: attr.optional(Tree),
    /** The host is switched off when its storage is made, and starts from its disk; `false` by default. */
    boots: attr.optional(attr.boolean),
    /** How many disks it has, all of one size; 1 by default. The system is on the last one. */
    disks: attr.optional(attr.integer),
    /** Size of each; 20 by default. */
    sizeGiB: attr.optional(attr.integer),
    /** Memory of the host; 512 by default. */
    memoryMiB: attr.optional(attr.integer),
    /** Limit for all of it; 30 by default. */
    timeoutMinutes: attr.optional(attr.number),
  },
  test: true,
  implement({ kernel, initrd, installer, firmware, ...args }, actions) {
    const { boots = false, disks = 1, sizeGiB = 20, memoryMiB = 512, timeoutMinutes = 30 } = args;
    const { kind, looks, install } = args;
    const at = (name: string) => firmware?.at(`usr/share/OVMF/${name}`, File);
    const [code, variables] = [at('OVMF_CODE_4M.fd'), at('OVMF_VARS_4M.fd')];
    return actions.step({
      mnemonic: 'LookAtHost',
      module: () => import('./looked.step.ts'),
      args: {
        ...{ kind, looks, boots, disks, sizeGiB, memoryMiB, timeoutMinutes },
        ...(install === undefined ? {} : { install }),
      },
      inputs: { kernel, initrd, installer, ...(code && variables ? { code, variables } : {}) },
      outputs: { report: Report },
      toolchains: [actions.toolchain(vmTools)],
      needs: { vm: true, memoryMiB: memoryMiB + OVERHEAD_MIB },
      timeoutMs: (timeoutMinutes + OVERHEAD_MINUTES) * 60_000,
      reproducible: false,
    }).report;
  },
});
