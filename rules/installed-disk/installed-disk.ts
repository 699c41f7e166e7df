/** Rule: the disk that a DSM installation leaves behind. */
import { attr, rule, Tree } from 'dsmb';
import { BootImage, Disk, Loader, Pat } from '../kinds.ts';
import { machineAction } from '../machine/action.ts';

/** For checking the .pat and storing the disk. */
const BESIDE_MINUTES = 10;

/**
 * Installs a .pat onto an empty disk. A machine boots `boot` from one IDE disk; the installation goes to another,
 * as the assistant formats no virtio disk. The result is not reproducible bit for bit: it is known by its inputs.
 */
export const installedDisk = rule({
  name: 'installedDisk',
  makes: Disk,
  attributes: {
    /** Boots the installer. Its own MAC is used, so the installed disk does not depend on the MAC of the final image. */
    boot: BootImage,
    /** What to install. Its checksums, and its model and version against the loader's, are checked first. */
    pat: Pat,
    /** The loader that `boot` was made of. */
    loader: Loader,
    /** Size of the disk; 20 by default. */
    sizeGiB: attr.optional(attr.integer),
    /** Memory of the machine; 2120 by default. */
    memoryMiB: attr.optional(attr.integer),
    /** Limit for the whole installation; 60 by default. */
    timeoutMinutes: attr.optional(attr.number),
  },
  implement({ boot, pat, loader, sizeGiB = 20, memoryMiB = 2120, timeoutMinutes = 60 }, actions) {
    const { disk } = actions.step({
      mnemonic: 'InstallDisk',
      module: () => import('./install.step.ts'),
      args: { sizeGiB, memoryMiB, timeoutMinutes },
      inputs: { boot, pat, loader },
      outputs: { disk: Disk, log: Tree },
      ...machineAction(actions, { memoryMiB, timeoutMinutes }, BESIDE_MINUTES),
    });
    return disk;
  },
});
