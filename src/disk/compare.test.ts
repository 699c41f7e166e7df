import fc from 'fast-check';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { examples } from '../../test/rig/campaign.ts';
import { differingRanges, presentRanges, rawBlocks, type BlockSource } from './compare.ts';
import { editDisk } from './editor.ts';
import { BLOCK_SIZE, blockPath, GROUP_BLOCKS } from './format.ts';
import { filesOf, ModelDisk, temporaryFolder } from './model.test-helper.ts';
import { openDisk } from './reader.ts';

const MIB = BLOCK_SIZE;
const write = fc.record({
  offset: fc.oneof(fc.nat(6 * MIB), fc.integer({ min: 254 * MIB, max: 259 * MIB }), fc.constantFrom(0, MIB, 256 * MIB)),
  length: fc.integer({ min: 1, max: 1.5 * MIB }),
  fill: fc.constantFrom(0, 1, 2),
});
const disk = fc.record({
  size: fc.oneof(fc.integer({ min: 1, max: 7 * MIB }), fc.integer({ min: 255 * MIB, max: 260 * MIB })),
  writes: fc.array(write, { maxLength: 5 }),
});

type Recipe = typeof disk extends fc.Arbitrary<infer T> ? T : never;

function make(to: string, { size, writes }: Recipe): { disk: BlockSource; model: ModelDisk } {
  const model = new ModelDisk(size);
  const edit = editDisk({ to, size });
  for (const { offset, length, fill } of writes) {
    if (offset >= size) continue;
    const bytes = Buffer.alloc(Math.min(length, size - offset), fill);
    edit.write(offset, bytes);
    model.write(offset, bytes);
  }
  edit.finish();
  return { disk: openDisk(to), model };
}

/** The model of a comparison: every block of both, one after the other. */
function expectedBlocks(a: ModelDisk, b: ModelDisk): number[] {
  const count = Math.ceil(Math.max(a.size, b.size) / MIB);
  const indices = Array.from({ length: count }, (_, index) => index);
  return indices.filter((index) => !a.read(index * MIB, MIB).equals(b.read(index * MIB, MIB)));
}

function blocksIn(ranges: Iterable<{ offset: number; length: number }>): number[] {
  return [...ranges].flatMap(({ offset, length }) =>
    Array.from({ length: Math.ceil(length / MIB) }, (_, index) => offset / MIB + index),
  );
}

/** The digests that a tree of the store would have; reading a block is counted. */
function withDigests(folder: string, disk: BlockSource): BlockSource & { reads: number } {
  const files = filesOf(folder);
  const group = (number: number) => {
    const inside = disk.blocksOf(number).map((index) => `${index % GROUP_BLOCKS}=${files.get(blockPath(index))}`);
    return inside.length > 0 ? inside.join() : undefined;
  };
  const counted = {
    ...disk,
    reads: 0,
    read(offset: number, length: number) {
      counted.reads++;
      return disk.read(offset, length);
    },
    readBlock(index: number, target: Buffer) {
      counted.reads++;
      disk.readBlock?.(index, target);
    },
    digests: { group, block: (index: number) => files.get(blockPath(index)) },
  };
  return counted;
}

test('the blocks that differ, by bytes, by digests, and against a raw image', () => {
  fc.assert(
    fc.property(disk, disk, fc.boolean(), (one, other, sameSize) => {
      using folder = temporaryFolder();
      const a = make(join(folder.path, 'a'), one);
      const b = make(join(folder.path, 'b'), sameSize ? { ...other, size: one.size } : other);
      const expected = expectedBlocks(a.model, b.model);
      const [left, right] = [withDigests(join(folder.path, 'a'), a.disk), withDigests(join(folder.path, 'b'), b.disk)];
      expect(blocksIn(differingRanges(a.disk, b.disk))).toEqual(expected);
      expect(blocksIn(differingRanges(left, right))).toEqual(expected);
      expect(blocksIn(differingRanges(rawBlocks(a.disk), b.disk))).toEqual(expected);
      if (sameSize) expect(left.reads + right.reads).toBe(0);
    }),
    { numRuns: examples(25) },
  );
});

test('the map of what is present', () => {
  using folder = temporaryFolder();
  const recipe = {
    size: 300 * MIB + 7,
    writes: [0, 1, 2, 255, 256, 300].map((index) => ({ offset: index * MIB, length: 1, fill: 1 as const })),
  };
  const { disk } = make(join(folder.path, 'a'), recipe);
  expect([...presentRanges(disk)]).toEqual([
    { offset: 0, length: 3 * MIB },
    { offset: 255 * MIB, length: 2 * MIB },
    { offset: 300 * MIB, length: 7 },
  ]);
});
