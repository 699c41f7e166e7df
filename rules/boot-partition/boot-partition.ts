/** The fourth partition of a disk that boots alone. */
import { rule, stepModule } from 'dsmb';
import { BOOT_FILES, bootFiles } from '../boot-image/boot-files.ts';
import { FatImage, type CpioLzma, type GrubConfig, type Loader } from '../kinds.ts';
import { BOOT_PARTITION } from '../bootable-disk/layout.ts';

/** Attributes of `bootPartition`. */
export interface BootPartitionAttributes {
  /** The loader: its `zImage` and `rd.gz` go under `boot/grub/DS3615xs`. */
  readonly loader: Loader;
  /** The overlay that finds the installed system: goes beside them as `extra.lzma`. */
  readonly extra: CpioLzma;
  /** Becomes `boot/grub/grub.cfg`. */
  readonly config: GrubConfig;
}

/** Makes the FAT 16 file system of partition 4, 65,537 sectors, with the loader's files. */
export const bootPartition = rule<BootPartitionAttributes, 'FatImage'>({
  name: 'bootPartition',
  makes: FatImage,
  implement(attributes, actions) {
    const { start, sectors } = BOOT_PARTITION;
    return actions.step({
      mnemonic: 'BootPartition',
      module: stepModule<typeof import('./boot-partition.step.ts').default>(
        new URL('./boot-partition.step.ts', import.meta.url),
      ),
      args: { start, sectors, files: BOOT_FILES },
      inputs: { files: bootFiles(actions, attributes) },
      outputs: { boot: { name: 'boot', kind: FatImage } },
    }).boot;
  },
});
