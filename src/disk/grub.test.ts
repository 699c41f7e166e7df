import { expect, test } from 'vitest';
import { grubSectors } from './grub.ts';
import { parseMbr, withMbr } from './mbr.ts';

const table = {
  diskId: 0xdead_beef,
  partitions: [{ number: 4, active: true, type: 14, start: 2048, sectors: 100 }],
} as const;
const parts = {
  sector0: withMbr(Buffer.alloc(512, 0x11), table),
  bootImg: Buffer.alloc(512, 0x22),
  coreImg: Buffer.alloc(1300, 0x33),
  firstPartition: 2048,
};

test('the table and the disk id stay, the code is GRUB', () => {
  const { boot } = grubSectors(parts);
  expect(parseMbr(boot)).toEqual(table);
  expect(boot.subarray(0, 0x5c).equals(Buffer.alloc(0x5c, 0x22))).toBe(true);
  expect(boot.readBigUInt64LE(0x5c)).toBe(1n);
  expect(boot.toString('hex', 0x64, 0x68)).toBe('ff229090');
});

test('core.img knows where its other sectors are', () => {
  const { core } = grubSectors(parts);
  expect(core.length).toBe(3 * 512);
  expect([core.readBigUInt64LE(0x1f4), core.readUInt16LE(0x1fc), core.readUInt16LE(0x1fe)]).toEqual([2n, 2, 0x820]);
  expect(core.subarray(512, 1300).equals(Buffer.alloc(788, 0x33))).toBe(true);
});

test('a core.img that does not fit is an error with the numbers', () => {
  expect(() => grubSectors({ ...parts, firstPartition: 3 })).toThrow(
    expect.objectContaining({
      diagnostic: expect.objectContaining({
        code: 'GRUB_TOO_LARGE',
        detail: 'core.img: 1300 bytes, 3 sectors; free: 2 sectors',
      }),
    }),
  );
});
