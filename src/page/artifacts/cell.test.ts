/** What lies in a cell, and which files its bytes are. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bufferSource, rawBlocks, UseMap, type BlockSource } from '../../disk/index.ts';
import { temporaryFolder } from '../../disk/model.test-helper.ts';
import { filePart, usesInCell } from './cell.ts';
import { DiskIndexes } from './disk-index.ts';

const MIB = 1024 * 1024;
const folder = temporaryFolder();
const at = (name: string): string => join(folder.path, name);
afterAll(() => folder[Symbol.dispose]());

/** Longer than what is kept in an inode. */
const TARGET = 'big/../'.repeat(12);

let image: Buffer;
beforeAll(() => {
  mkdirSync(at('tree'));
  const numbers = Array.from({ length: 1_500_000 }, (_none, index) => index.toString(36)).join(' ');
  writeFileSync(at('tree/big'), numbers.slice(0, 6 * MIB));
  symlinkSync(`${TARGET}big`, at('tree/long link'));
  execFileSync('mke2fs', ['-q', '-t', 'ext4', '-b', '4096', '-d', at('tree'), at('image'), '16M']);
  image = readFileSync(at('image'));
});

const disk = (bytes: Buffer): BlockSource => rawBlocks(bufferSource(bytes));

const indexed = async (bytes: Buffer) => {
  using indexes = new DiskIndexes();
  return await indexes.of('image', disk(bytes));
};

test('of a large file, all that differs in the cell is asked for', async () => {
  const index = await indexed(image);
  const isWhole = (cell: number): boolean =>
    index.uses.inBlock(cell).some(({ name, start, end }) => {
      return name === 'big' && start <= cell * MIB && end >= (cell + 1) * MIB;
    });
  const cell = Array.from({ length: 16 }, (_none, at) => at).find(isWhole)!;
  const places = [10_000, 500_000].map((place) => cell * MIB + place);
  const other = Buffer.from(image);
  for (const place of places) other[place]! ^= 1;
  const [first] = usesInCell({ disk: disk(image), other: disk(other), index }, cell, 'out', '');
  expect(first).toMatchObject({ kind: 'file', name: '/big', changed: 1024 });
  const part = filePart(disk(image), first!)!;
  expect(part.ranges.map(({ length }) => length)).toEqual([512, 512]);
  for (const [at, { offset, length }] of part.ranges.entries()) {
    const sector = places[at]! - (places[at]! % 512);
    expect(part.content.read(offset, length).equals(image.subarray(sector, sector + length))).toBe(true);
  }
});

test('a long symlink is not the file that it leads to', async () => {
  const index = await indexed(image);
  const cells = Array.from({ length: 16 }, (_none, cell) => usesInCell({ disk: disk(image), index }, cell, 'out', ''));
  const link = cells.flat().find(({ name }) => name === '/long link')!;
  expect(link.file?.ranges).toHaveLength(1);
  expect(filePart(disk(image), link)).toBeUndefined();
});

test('bytes are counted once, however uses overlap and whatever changed', () => {
  const ranges = fc.array(fc.tuple(fc.nat(MIB), fc.integer({ min: 1, max: 50_000 })), { maxLength: 20 });
  fc.assert(
    fc.property(ranges, fc.array(fc.nat(2047), { maxLength: 20 }), (uses, sectors) => {
      const bytes = Buffer.alloc(MIB);
      for (const sector of sectors) bytes[sector * 512] = 1;
      const map = new UseMap();
      const own = new Uint8Array(MIB);
      for (const [start, length] of uses) {
        const end = Math.min(MIB, start + length);
        if (end === start) continue;
        map.add({ start, end, kind: 'metadata', name: 'table' });
        own.fill(1, start, end);
      }
      const changed = new Set(sectors);
      const isChanged = (_one: number, byte: number): boolean => changed.has(Math.floor(byte / 512));
      const given = { disk: disk(bytes), other: disk(Buffer.alloc(MIB)), index: { uses: map, problems: [] } };
      const table = usesInCell(given, 0, 'out', '').find(({ name }) => name === 'table');
      const counted = own.map((one, byte) => (one === 1 && isChanged(one, byte) ? 1 : 0));
      const sum = (all: Uint8Array): number => all.reduce((total, one) => total + one, 0);
      expect([table?.bytes ?? 0, table?.changed ?? 0]).toEqual([sum(own), sum(counted)]);
    }),
    { numRuns: 20 },
  );
});

test('very many uses of one block take no time for each pair with a change', () => {
  const map = new UseMap();
  for (let number = 0; number < 100_000; number++)
    map.add({ start: 0, end: 1024 + (number % 2), kind: 'metadata', name: 'one' });
  const other = Buffer.alloc(MIB);
  for (let sector = 0; sector < 2048; sector += 2) other[sector * 512] = 1;
  const given = { disk: disk(Buffer.alloc(MIB)), other: disk(other), index: { uses: map, problems: [] } };
  expect(usesInCell(given, 0, 'out', '').find(({ name }) => name === 'one')).toMatchObject({
    bytes: 1025,
    changed: 513,
  });
});

test('names of strangers are shown by their characters where something is damaged', async () => {
  mkdirSync(at('names'));
  writeFileSync(at('names/\u202eevil'), Buffer.alloc(20_000, 1));
  execFileSync('mke2fs', ['-q', '-t', 'ext2', '-b', '1024', '-d', at('names'), at('names.image'), '4M']);
  const bytes = readFileSync(at('names.image'));
  // The inode of a file of 20,000 bytes; its block of numbers lies outside.
  const size = Buffer.alloc(4);
  size.writeUInt32LE(20_000);
  const inode = bytes.indexOf(size) - 4;
  bytes.writeUInt32LE(0xffff_fff0, inode + 0x28 + 48);
  const { problems } = await indexed(bytes);
  expect(problems.join()).toContain('/\\u{202e}evil: ');
});
