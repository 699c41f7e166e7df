/** Rule: the disk that a DSM installation leaves behind. */
import { rule, stepModule, Tree, type Value } from 'dsmb';
import { Disk, type BootImage, type Loader, type Pat } from '../kinds.ts';
import { machineAction } from '../machine/action.ts';
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

/** For checking the .pat and storing the disk. */
const BESIDE_MINUTES = 10;

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
      ...machineAction(actions, { memoryMiB, timeoutMinutes }, BESIDE_MINUTES),
    });
    return disk;
  },
});
