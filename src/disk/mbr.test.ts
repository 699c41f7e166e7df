import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkMbr, parseMbr, withMbr, type Mbr, type MbrPartition } from './mbr.ts';

const partition = (number: MbrPartition['number']) =>
  fc.record({
    number: fc.constant(number),
    active: fc.boolean(),
    type: fc.integer({ min: 1, max: 255 }),
    start: fc.integer({ min: 1, max: 2 ** 31 }),
    sectors: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  });
const slots = fc.tuple(...([1, 2, 3, 4] as const).map((number) => fc.option(partition(number), { nil: undefined })));
const table: fc.Arbitrary<Mbr> = fc.record({
  diskId: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  partitions: slots.map((list) => list.filter((one) => one !== undefined)),
});
const sector = fc.uint8Array({ minLength: 512, maxLength: 512 });

test('a table is read as it was written, over any sector', () => {
  fc.assert(
    fc.property(table, sector, (mbr, before) => {
      expect(parseMbr(withMbr(before, mbr))).toEqual(mbr);
    }),
  );
});

test('writing what is there changes nothing', () => {
  fc.assert(
    fc.property(table, sector, (mbr, before) => {
      const written = withMbr(before, mbr);
      expect(withMbr(written, parseMbr(written)).equals(written)).toBe(true);
      expect(written.subarray(0, 440).equals(Buffer.from(before).subarray(0, 440))).toBe(true);
    }),
  );
});

test('the bytes are those of sfdisk 2.38 for the partitions of a DSM disk', () => {
  const partitions: MbrPartition[] = [
    { number: 1, active: false, type: 0xfd, start: 2048, sectors: 4_980_480 },
    { number: 2, active: false, type: 0xfd, start: 4_982_528, sectors: 4_194_304 },
    { number: 3, active: false, type: 0xfd, start: 9_437_184, sectors: 32_505_856 },
    { number: 4, active: true, type: 0x0e, start: 9_177_088, sectors: 65_537 },
  ];
  const sfdisk = [
    '785634120000',
    '00202100fd256f3600080000' + '00ff4b00',
    '00257036fd3abf3b00074c00' + '00004000',
    '006fa54bfdfeffff00009000' + '0000f001',
    '803f853b0e53953f00088c00' + '01000100',
    '55aa',
  ];
  const bytes = withMbr(Buffer.alloc(512), { diskId: 0x1234_5678, partitions });
  expect(bytes.toString('hex', 440)).toBe(sfdisk.join(''));
});

test('overlaps, and what does not lie on the disk, are refused', () => {
  const one = { number: 1, active: false, type: 1, start: 100, sectors: 100 } as const;
  const two = { number: 2, active: false, type: 1, start: 199, sectors: 1 } as const;
  expect(() => checkMbr({ diskId: 0, partitions: [two, one] }, 1000)).toThrow('partition 2 starts at sector 199');
  expect(() => checkMbr({ diskId: 0, partitions: [one] }, 199)).toThrow('ends at sector 200, but the disk has 199');
  expect(() => parseMbr(Buffer.alloc(512))).toThrow('55 AA');
  const large = { ...one, start: 2 ** 32 - 10 };
  expect(() => withMbr(Buffer.alloc(512), { diskId: 0, partitions: [large] })).toThrow('2 TiB');
});
