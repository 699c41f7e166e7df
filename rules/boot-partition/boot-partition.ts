/** The fourth partition of a disk that boots alone. */
import { rule } from 'dsmb';
import { BOOT_FILES, bootFiles, EFI_LOADER, NETWORK_FILE } from '../boot-image/boot-files.ts';
import { grubEfi } from '../boot-image/grub-core.ts';
import { CpioLzma, FatImage, GrubConfig, Loader } from '../kinds.ts';
import { BOOT_PARTITION } from '../bootable-disk/layout.ts';

/** Makes the FAT 16 file system of partition 4, 65,537 sectors, with the loader's files and GRUB for UEFI. */
export const bootPartition = rule({
  name: 'bootPartition',
  makes: FatImage,
  attributes: {
    /** The loader: its `zImage` and `rd.gz` go under `boot/grub/DS3615xs`. */
    loader: Loader,
    /** The overlay that finds the installed system: goes beside them as `extra.lzma`. */
    extra: CpioLzma,
    /** Becomes `boot/grub/grub.cfg`. */
    config: GrubConfig,
  },
  implement(attributes, actions) {
    const { start, sectors } = BOOT_PARTITION;
    return actions.step({
      mnemonic: 'BootPartition',
      module: () => import('./boot-partition.step.ts'),
      args: { start, sectors, files: [NETWORK_FILE, ...BOOT_FILES, EFI_LOADER] },
      inputs: { files: bootFiles(actions, { ...attributes, efi: grubEfi(actions) }) },
      outputs: { boot: FatImage },
    }).boot;
  },
});
