/** The partitions of a DSM disk, "Partition Version 8". All numbers are 512-byte sectors. */

/** A partition whose place is fixed. */
export interface FixedPartition {
  readonly start: number;
  readonly sectors: number;
  readonly type: number;
}

const RAID = 0xfd;
const FAT16_LBA = 0x0e;

/** p1: md0, the system. */
export const SYSTEM_PARTITION: FixedPartition = { start: 2048, sectors: 4_980_480, type: RAID };
/** p2: md1, swap. */
export const SWAP_PARTITION: FixedPartition = { start: 4_982_528, sectors: 4_194_304, type: RAID };
/** p3: md2, the data; it reaches to the end of the disk. */
export const DATA_PARTITION = { start: 9_437_184, type: RAID } as const;
/** p4, in the gap between p2 and p3: GRUB and the loader's files. It starts at a whole MiB (4,481). */
export const BOOT_PARTITION: FixedPartition = { start: 9_177_088, sectors: 65_537, type: FAT16_LBA };
