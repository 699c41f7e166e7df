/** Rule: the packages of a system installed by dpkg, on that system's own disk and in a virtual machine. */
import { File, rule, stepModule, toolchain, type Value } from 'dsmb';
import { Disk, Report } from 'dsmb/rules';
import type { Initrd, Kernel } from './kinds.ts';

export const vmTools = toolchain('qemu-system-x86', 'qemu-utils', 'seabios', 'ipxe-qemu');

/** Attributes of `installed`. */
export interface InstalledAttributes {
  /** A disk whose first partition has unpacked packages and `/second-stage`. */
  readonly disk: Disk;
  /** Boots the installation, not the disk. */
  readonly kernel: Kernel;
  readonly initrd: Initrd;
  /** Memory of the machine; 512 unless told. */
  readonly memoryMiB?: Value<number>;
  /** Limit for the installation; 30 unless told. */
  readonly timeoutMinutes?: Value<number>;
}

const OVERHEAD_MIB = 256;
const OVERHEAD_MINUTES = 5;

/** The disk after the installation. Not reproducible bit for bit: known by what it was made of. */
export const installed = rule<InstalledAttributes, 'Disk'>({
  name: 'installed',
  makes: Disk,
  implement({ disk, kernel, initrd, memoryMiB = 512, timeoutMinutes = 30 }, actions) {
    return actions.step({
      mnemonic: 'InstallPackages',
      module: stepModule<typeof import('./installed.step.ts').default>(new URL('./installed.step.ts', import.meta.url)),
      args: { memoryMiB, timeoutMinutes },
      inputs: { disk, kernel: kernel.at('boot/vmlinuz', File), initrd },
      hints: { assembled: ['disk'] },
      outputs: { disk: { name: 'disk', kind: Disk }, log: { name: 'log', kind: Report } },
      toolchains: [actions.toolchain(vmTools)],
      needs: { vm: true, memoryMiB: memoryMiB + OVERHEAD_MIB },
      timeoutMs: (timeoutMinutes + OVERHEAD_MINUTES) * 60_000,
    }).disk;
  },
});
