/** Rule: the disk that a DSM installation leaves behind. */
import { rule, stepModule, Tree, type Value } from 'dsmb';
import { Disk, type BootImage, type Loader, type Pat } from '../kinds.ts';
import { vmTools } from '../toolchains.ts';
import type installStep from './install.step.ts';

/** Attributes of `installedDisk`. */
export interface InstalledDiskAttributes {
  /** Boots the installer. Its own MAC is used, so the installed disk does not depend on the MAC of the final image. */
  readonly boot: BootImage;
  /** What to install. Its checksums, and its model and version against the loader's, are checked first. */
  readonly pat: Pat;
  /** The loader that `boot` was made of. */
  readonly loader: Loader;
  /** Size of the disk; 20 unless told. */
  readonly sizeGiB?: Value<number>;
  /** Memory of the machine; 2120 unless told. */
  readonly memoryMiB?: Value<number>;
  /** Limit for the whole installation; 60 unless told. */
  readonly timeoutMinutes?: Value<number>;
}

/** QEMU's own memory, beside the guest's. */
const OVERHEAD_MIB = 256;
/** For checking the .pat and storing the disk, beside what the machine may take. */
const OVERHEAD_MINUTES = 10;

/**
 * Installs a .pat onto an empty disk. A machine boots `boot` from one IDE disk; the installation goes to another,
 * as the assistant formats no virtio disk. The result is not reproducible bit for bit: it is known by its inputs.
 */
export const installedDisk = rule<InstalledDiskAttributes, 'Disk'>({
  name: 'installedDisk',
  makes: Disk,
  implement({ boot, pat, loader, sizeGiB = 20, memoryMiB = 2120, timeoutMinutes = 60 }, actions) {
    const { disk } = actions.step({
      mnemonic: 'InstallDisk',
      module: stepModule<typeof installStep>(new URL('./install.step.ts', import.meta.url)),
      args: { sizeGiB, memoryMiB, timeoutMinutes },
      inputs: { boot, pat, loader },
      outputs: { disk: { name: 'disk', kind: Disk }, log: { name: 'log', kind: Tree } },
      toolchains: [actions.toolchain(vmTools)],
      needs: { vm: true, memoryMiB: memoryMiB + OVERHEAD_MIB },
      timeoutMs: (timeoutMinutes + OVERHEAD_MINUTES) * 60_000,
    });
    return disk;
  },
});
