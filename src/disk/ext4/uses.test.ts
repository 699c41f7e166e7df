/** The uses of file systems that are made to be costly. */
import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { temporaryFolder } from '../model.test-helper.ts';
import { bufferSource } from '../source.ts';
import type { Use } from '../use.ts';
import { openExt } from './reader.ts';
import { extUses } from './uses.ts';
import { readGroup } from './volume.ts';

const BLOCK = 1024;
const LINKS = 400;

const folder = temporaryFolder();
const at = (name: string): string => join(folder.path, name);
afterAll(() => folder[Symbol.dispose]());

let sound: Buffer;
beforeAll(() => {
  mkdirSync(at('tree'));
  writeFileSync(at('tree/a'), Buffer.alloc(300 * BLOCK, 'a'));
  writeFileSync(at('tree/b'), 'b');
  for (let number = 0; number < LINKS; number++) {
    linkSync(at('tree/b'), at(`tree/link ${number}`));
    symlinkSync('b', at(`tree/symlink ${number}`));
  }
  execFileSync('mke2fs', ['-q', '-t', 'ext2', '-b', String(BLOCK), '-d', at('tree'), at('image'), '16M']);
  sound = readFileSync(at('image'));
});

/** Where the inode of a path lies. */
function inodeAt(image: Buffer, wanted: string): number {
  const source = bufferSource(image);
  const volume = openExt(source);
  const { geometry } = volume;
  const { number } = [...volume.inodes()].find(({ path }) => path === wanted)!;
  const { inodeTable } = readGroup(source, geometry, Math.floor((number - 1) / geometry.inodesPerGroup));
  return inodeTable * BLOCK + ((number - 1) % geometry.inodesPerGroup) * geometry.inodeSize;
}

/** `a` as a file of 64 MiB whose blocks, and blocks of numbers, are the same again and again. */
function hostile(): Buffer {
  const image = Buffer.from(sound);
  const inode = inodeAt(image, 'a');
  const [data, single, double] = [0, 12, 13].map((slot) => image.readUInt32LE(inode + 0x28 + slot * 4)) as [
    number,
    number,
    number,
  ];
  for (let slot = 0; slot < BLOCK / 4; slot++) {
    image.writeUInt32LE(data, single * BLOCK + slot * 4);
    image.writeUInt32LE(single, double * BLOCK + slot * 4);
  }
  image.writeUInt32LE(64 * 1024 * BLOCK, inode + 4);
  return image;
}

test('a block is told of one file, and once; what is told comes before what is damaged', () => {
  const order: string[] = [];
  const uses: Use[] = [];
  for (const use of extUses(bufferSource(hostile()), (path) => order.push(`damaged ${path}`))) {
    if (use?.kind !== 'file') continue;
    uses.push(use);
    order.push(use.name);
  }
  expect(order.filter((one) => one.endsWith('a'))).toEqual([...Array.from({ length: 12 }, () => 'a'), 'damaged a']);
  const blocks = uses.flatMap(({ start, end }) =>
    Array.from({ length: (end - start) / BLOCK }, (_none, index) => start / BLOCK + index),
  );
  expect(new Set(blocks).size).toBe(blocks.length);
});

test('files that have no blocks of their own are steps as well', () => {
  let steps = 0;
  for (const use of extUses(bufferSource(sound), () => {})) if (!use) steps++;
  expect(steps).toBeGreaterThan(2 * LINKS);
});

test('extents that have more blocks than the file system are damage', () => {
  execFileSync('mke2fs', ['-q', '-t', 'ext4', '-b', String(BLOCK), '-d', at('tree'), at('extents'), '16M']);
  const image = readFileSync(at('extents'));
  const inode = inodeAt(image, 'a');
  const content = inode + 0x28;
  // Two extents over all of the file system, and a file as large as both.
  image.writeUInt16LE(2, content + 2);
  for (const [index, logical] of [0, 15_000].entries()) {
    const entry = content + 12 * (index + 1);
    image.writeUInt32LE(logical, entry);
    image.writeUInt16LE(15_000, entry + 4);
    image.writeUInt16LE(0, entry + 6);
    image.writeUInt32LE(100, entry + 8);
  }
  image.writeUInt32LE(30_000 * BLOCK, inode + 4);
  const damaged: string[] = [];
  for (const _use of extUses(bufferSource(image), (path, error) => damaged.push(`${path}: ${String(error)}`)));
  expect(damaged.join()).toContain('have more blocks than the file system');
});
