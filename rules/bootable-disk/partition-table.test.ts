import { parseMbr, withMbr, type Mbr, type MbrPartition } from 'dsmb/disk';
import { expect, test } from 'vitest';
import { BOOT_PARTITION, DATA_PARTITION, SWAP_PARTITION, SYSTEM_PARTITION } from './layout.ts';
import { bootableTable } from './partition-table.ts';

const GIB = 2 ** 21;
const system: MbrPartition = { number: 1, active: true, ...SYSTEM_PARTITION };
const swap: MbrPartition = { number: 2, active: false, ...SWAP_PARTITION };
const data: MbrPartition = { number: 3, active: false, ...DATA_PARTITION, sectors: 1000 };
const installed: Mbr = { diskId: 0x1234, partitions: [system, swap] };

const last = (table: Mbr) => table.partitions.map(({ start, sectors }) => start + sectors).toSorted((a, b) => b - a)[0];

test('the data reaches to the end, the boot partition lies in the gap and is the only active one', () => {
  const table = bootableTable(installed, 20 * GIB);
  expect(table.diskId).toBe(0x1234);
  expect(last(table)).toBe(20 * GIB);
  expect(table.partitions.filter(({ active }) => active)).toEqual([{ number: 4, active: true, ...BOOT_PARTITION }]);
  expect(parseMbr(withMbr(Buffer.alloc(512), table))).toEqual(table);
});

test('a data partition that is there grows, and a table that is right stays', () => {
  const table = bootableTable({ ...installed, partitions: [system, swap, data] }, 20 * GIB);
  expect(table).toEqual(bootableTable(installed, 20 * GIB));
  expect(bootableTable(table, 20 * GIB)).toEqual(table);
});

test('on a disk that is larger than a DOS table can tell, the data ends where the table does', () => {
  expect(last(bootableTable(installed, 8192 * GIB))).toBe(2 ** 32 - 1);
});

test.each<[string, Mbr, number, RegExp]>([
  ['no partition 2', { ...installed, partitions: [system] }, 20 * GIB, /partition 2 is not where/],
  ['another start', { ...installed, partitions: [{ ...system, start: 256 }, swap] }, 20 * GIB, /partition 1 is not/],
  [
    'data elsewhere',
    { ...installed, partitions: [system, swap, { ...data, start: 9_176_832 }] },
    20 * GIB,
    /partition 3/,
  ],
  ['a small disk', installed, 4 * GIB, /no room for data/],
])('%s is an error', (_what, table, sectors, message) => {
  expect(() => bootableTable(table, sectors)).toThrow(message);
});
