/** A disk that boots alone: the installed disk with the boot partition and GRUB. */
import { rule, stepModule, type Value } from 'dsmb';
import { grubCore } from '../boot-image/grub-core.ts';
import { Disk, type FatImage } from '../kinds.ts';
import { BOOT_PARTITION } from './layout.ts';

/** Attributes of `bootableDisk`. */
export interface BootableDiskAttributes {
  /** The disk that DSM was installed on, with its partitions 1 and 2. */
  readonly disk: Disk;
  /** The file system of partition 4. */
  readonly boot: FatImage;
  /** Size of the disk in bytes; that of `disk` unless told, and not less. */
  readonly sizeBytes?: Value<number>;
}

/** Makes partition 3 reach to the end, puts the boot partition into the gap before it, and GRUB in front of all. */
export const bootableDisk = rule<BootableDiskAttributes, 'Disk'>({
  name: 'bootableDisk',
  makes: Disk,
  implement({ disk, boot, sizeBytes }, actions) {
    const { bootImg, coreImg } = grubCore(actions, 4);
    return actions.step({
      mnemonic: 'BootableDisk',
      module: stepModule<typeof import('./bootable-disk.step.ts').default>(
        new URL('./bootable-disk.step.ts', import.meta.url),
      ),
      args: { boot: BOOT_PARTITION, ...(sizeBytes === undefined ? {} : { sizeBytes }) },
      inputs: { disk, boot, bootImg, coreImg },
      outputs: { bootable: { name: 'disk', kind: Disk } },
    }).bootable;
  },
});
