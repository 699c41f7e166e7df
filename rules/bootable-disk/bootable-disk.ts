/** A disk that boots alone: the installed disk with the boot partition and GRUB. */
import { attr, rule } from 'dsmb';
import { grubCore } from '../boot-image/grub-core.ts';
import { Disk, FatImage } from '../kinds.ts';
import { BOOT_PARTITION } from './layout.ts';

/** Makes partition 3 reach to the end, puts the boot partition into the gap before it, and GRUB in front of all. */
export const bootableDisk = rule({
  name: 'bootableDisk',
  makes: Disk,
  attributes: {
    /** The disk that DSM was installed on, with its partitions 1 and 2. */
    disk: Disk,
    /** The file system of partition 4. */
    boot: FatImage,
    /** Size of the disk in bytes; by default that of `disk`, and not less. */
    sizeBytes: attr.optional(attr.integer),
  },
  implement({ disk, boot, sizeBytes }, actions) {
    const { bootImg, coreImg } = grubCore(actions, 4);
    return actions.step({
      mnemonic: 'BootableDisk',
      module: () => import('./bootable-disk.step.ts'),
      args: { boot: BOOT_PARTITION, ...(sizeBytes === undefined ? {} : { sizeBytes }) },
      inputs: { disk, boot, bootImg, coreImg },
      outputs: { bootable: { name: 'disk', kind: Disk } },
    }).bootable;
  },
});
