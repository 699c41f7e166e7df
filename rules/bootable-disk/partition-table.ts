/** The table of a disk that boots alone, from the table that the installer left. */
import { checkMbr, type Mbr, type MbrPartition } from 'dsmb/disk';
import { fail } from 'dsmb/step';
import { BOOT_PARTITION, DATA_PARTITION, SWAP_PARTITION, SYSTEM_PARTITION, type FixedPartition } from './layout.ts';

/** 1 MiB: a data partition must have that at least. */
const MIN_DATA = 2048;
/** The most that a DOS table can address. */
const MAX_END = 2 ** 32 - 1;

/**
 * Checks that p1 and p2 are where they must be, lets p3 reach to the last sector of the disk (sfdisk does not align
 * ends either) or of what a DOS table can address, and adds p4 in the gap, active. The disk's id stays.
 */
export function bootableTable(table: Mbr, diskSectors: number): Mbr {
  const system = inPlace(table, 1, SYSTEM_PARTITION);
  const swap = inPlace(table, 2, SWAP_PARTITION);
  checkStart(table, 3, DATA_PARTITION.start);
  checkStart(table, 4, BOOT_PARTITION.start);
  const sectors = Math.min(diskSectors, MAX_END) - DATA_PARTITION.start;
  if (sectors < MIN_DATA)
    fail('DISK_TOO_SMALL', `a disk of ${diskSectors} sectors has no room for data`, {
      detail: `the data partition starts at sector ${DATA_PARTITION.start}`,
      hint: 'set sizeBytes to 5 GiB at least',
    });
  const partitions: MbrPartition[] = [
    { ...system, active: false },
    { ...swap, active: false },
    { number: 3, active: false, ...DATA_PARTITION, sectors },
    { number: 4, active: true, ...BOOT_PARTITION },
  ];
  checkMbr({ ...table, partitions }, diskSectors);
  return { diskId: table.diskId, partitions };
}

function inPlace(table: Mbr, number: 1 | 2, expected: FixedPartition): MbrPartition {
  const found = table.partitions.find((partition) => partition.number === number);
  const fits = found?.start === expected.start && found.sectors === expected.sectors && found.type === expected.type;
  return fits ? found : wrongLayout(number, found, describe(expected));
}

function checkStart(table: Mbr, number: 3 | 4, start: number): void {
  const found = table.partitions.find((partition) => partition.number === number);
  if (found && found.start !== start) wrongLayout(number, found, `none, or one that starts at sector ${start}`);
}

function wrongLayout(number: number, found: FixedPartition | undefined, expected: string): never {
  return fail('DISK_LAYOUT', `partition ${number} is not where a DSM disk has it`, {
    detail: `expected: ${expected}\nfound:    ${found ? describe(found) : 'none'}`,
    hint: 'the disk must have been partitioned by the DSM installer (Partition Version 8)',
  });
}

function describe({ start, sectors, type }: FixedPartition): string {
  return `${sectors} sectors from ${start}, type ${type.toString(16).padStart(2, '0')}`;
}
