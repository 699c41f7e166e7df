/** Rule: the packages of a system installed by dpkg, on that system's own disk and in a virtual machine. */
import { attr, File, rule, toolchain } from 'dsmb';
import { Disk, Report } from 'dsmb/rules';
import { Initrd, Kernel } from './kinds.ts';

export const vmTools = toolchain('qemu-system-x86', 'qemu-utils', 'seabios', 'ipxe-qemu');
const OVERHEAD_MIB = 256;
const OVERHEAD_MINUTES = 5;

/** The disk after the installation. Not reproducible bit for bit: known by what it was made of. */
export const installed = rule({
  name: 'installed',
  makes: Disk,
  attributes: {
    /** A disk whose first partition has unpacked packages and `/second-stage`. */
    disk: Disk,
    /** Boots the installation, not the disk. */
    kernel: Kernel,
    initrd: Initrd,
    /** Memory of the machine; 512 by default. */
    memoryMiB: attr.optional(attr.integer),
    /** Limit for the installation; 30 by default. */
    timeoutMinutes: attr.optional(attr.number),
  },
  implement({ disk, kernel, initrd, memoryMiB = 512, timeoutMinutes = 30 }, actions) {
    return actions.step({
      mnemonic: 'InstallPackages',
      module: () => import('./installed.step.ts'),
      args: { memoryMiB, timeoutMinutes },
      inputs: { disk, kernel: kernel.at('boot/vmlinuz', File), initrd },
      hints: { assembled: ['disk'] },
      outputs: { disk: Disk, log: Report },
      toolchains: [actions.toolchain(vmTools)],
      needs: { vm: true, memoryMiB: memoryMiB + OVERHEAD_MIB },
      timeoutMs: (timeoutMinutes + OVERHEAD_MINUTES) * 60_000,
    }).disk;
  },
});
