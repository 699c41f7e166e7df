/** Any sequence of operations on a disk gives what the same sequence gives on a plain file. */
import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { examples } from '../../test/rig/campaign.ts';
import { settings, TIMEOUT_MS } from '../../test/property/settings.ts';
import { toDiagnostic } from '../model/diagnostic.ts';
import { differingBlocks, presentRanges, rawBlocks, type BlockSource } from './compare.ts';
import { checkDisk } from './damage.ts';
import { describeDisk } from './describe.ts';
import { compareDisks } from './difference.ts';
import { editDisk, type DiskEditor } from './editor.ts';
import { openFileSystem } from './file-system.ts';
import { BLOCK_SIZE } from './format.ts';
import { GPT_FIRST_USABLE, writeGpt } from './gpt-write.ts';
import { grubSectors } from './grub.ts';
import { SECTOR, withMbr } from './mbr.ts';
import { filesOf, fixture, temporaryFolder } from './model.test-helper.ts';
import { PlainFile } from './plain-file.test-helper.ts';
import { rawToDisk } from './raw.ts';
import { openDisk } from './reader.ts';
import type { ByteSink } from './sink.ts';
import { bufferSource, fileSource, sliceSource, type ByteSource } from './source.ts';

const MIB = BLOCK_SIZE;

/** A file system that others have made, and a file in it as their program reads it. */
interface Image {
  readonly name: string;
  readonly path: string;
  readonly size: number;
  /** The same as a disk artifact. */
  readonly disk: string;
  readonly file: string;
  readonly content: Buffer;
}

const shared = temporaryFolder();
const images: Image[] = [];
const IMAGES = ['fat12', 'fat16', 'fat32', 'ext4'] as const;

beforeAll(() => {
  for (const name of IMAGES.filter((one) => one.startsWith('fat'))) {
    writeFileSync(join(shared.path, name), fixture(name));
    const env = { ...process.env, MTOOLS_SKIP_CHECK: '1' };
    const content = execFileSync('mtype', ['-i', join(shared.path, name), '::/boot/Numbers.txt'], { env });
    addImage(name, '/boot/Numbers.txt', content);
  }
  mkdirSync(join(shared.path, 'tree/etc'), { recursive: true });
  const numbers = Array.from({ length: 100_000 }, (_, line) => `${line}\n`).join('');
  writeFileSync(join(shared.path, 'tree/etc/numbers'), numbers);
  const options = ['-q', '-t', 'ext4', '-b', '1024', '-d', join(shared.path, 'tree')];
  execFileSync('mke2fs', [...options, join(shared.path, 'ext4'), '6M']);
  const debugfs = ['-R', 'cat /etc/numbers', join(shared.path, 'ext4')];
  addImage('ext4', '/etc/numbers', execFileSync('debugfs', debugfs, { stdio: ['ignore', 'pipe', 'ignore'] }));
});
afterAll(() => shared[Symbol.dispose]());

function addImage(name: string, file: string, content: Buffer): void {
  const path = join(shared.path, name);
  const disk = `${path}.disk`;
  const { size } = rawToDisk(path, disk);
  images.push({ name, path, size, disk, file, content });
}

/** Places where something can go wrong: borders of blocks, of groups, and the middle of them. */
const place = fc.oneof(
  fc.integer({ min: 0, max: 4 * MIB }),
  fc.integer({ min: 254 * MIB, max: 259 * MIB }),
  fc.constantFrom(0, SECTOR, MIB - 1, MIB, 2 * MIB, 255 * MIB, 256 * MIB, 257 * MIB),
);
const size = fc.oneof(
  fc.integer({ min: 1, max: 12 * MIB }),
  fc.integer({ min: 255 * MIB, max: 260 * MIB }),
  fc.constantFrom(MIB, 40 * MIB, 256 * MIB, 257 * MIB, 257 * MIB + 512),
);
const length = fc.oneof(fc.integer({ min: 0, max: 2.5 * MIB }), fc.constantFrom(1, 512, MIB, 2 * MIB));
const OPERATIONS = [
  ...(['write', 'zero', 'splice', 'spliceDisk', 'rewrite', 'read'] as const),
  ...(['mbr', 'gpt', 'boot', 'fileSystem', 'partitioned'] as const),
] as const;
const operation = fc.record({
  kind: fc.constantFrom(...OPERATIONS, 'fileSystem' as const),
  place,
  length,
  fill: fc.integer({ min: 0, max: 255 }),
});
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;
const edit = fc.record({
  size,
  operations: fc.array(operation, { maxLength: 8 }),
  reads: fc.array(fc.tuple(place, length)),
});

/** However few lives there are, each image is in one of them. */
const EACH_IMAGE: [(typeof edit extends fc.Arbitrary<infer T> ? T : never)[]] = [
  IMAGES.map((_, fill) => ({
    size: 257 * MIB,
    operations: [{ kind: 'fileSystem', place: MIB, length: fill, fill }],
    reads: [],
  })),
];

/** And each operation is in one of them. */
const EACH_OPERATION: typeof EACH_IMAGE = [
  [{ size: 257 * MIB, operations: OPERATIONS.map((kind) => ({ kind, place: MIB, length: MIB, fill: 1 })), reads: [] }],
];

/** How often what was done: a property that tries little is no proof. */
const done = new Map<string, number>();
const count = (what: string) => void done.set(what, (done.get(what) ?? 0) + 1);

/** What one operation is done to, and a path for what it needs to have on disk. */
interface Both {
  readonly disk: DiskEditor;
  readonly plain: PlainFile;
  readonly scratch: string;
}

const APPLY: Readonly<Record<Operation['kind'], (both: Both, one: Operation) => void>> = {
  write: (both, one) => both.disk.write(...written(both, one)),
  rewrite: ({ disk, plain }, one) => disk.write(...rangeIn(disk, one, (offset, count) => plain.read(offset, count))),
  splice(both, one) {
    const [offset, bytes] = written(both, one);
    both.disk.splice(bufferSource(bytes), offset);
  },
  spliceDisk(both, one) {
    const [offset, bytes] = written(both, one);
    if (bytes.length === 0) return;
    const source = editDisk({ to: both.scratch, size: bytes.length });
    source.write(0, bytes);
    source.finish();
    both.disk.splice(openDisk(both.scratch), offset);
  },
  zero(both, one) {
    const [offset, bytes] = written(both, { ...one, fill: 0 });
    both.disk.zero(offset, bytes.length);
  },
  read({ disk, plain }, one) {
    const [offset, bytes] = rangeIn(disk, one, (at, count) => plain.read(at, count));
    expect(disk.read(offset, bytes.length).equals(bytes)).toBe(true);
  },
  mbr: ({ disk, plain }, one) => [disk, plain].forEach((target) => writePartitions(target, 'mbr', one)),
  gpt: ({ disk, plain }, one) => [disk, plain].forEach((target) => writePartitions(target, 'gpt', one)),
  boot: ({ disk, plain }, one) => [disk, plain].forEach((target) => writeBootSectors(target, one)),
  fileSystem: (both, one) => spliceFileSystem(both, one, one.place % both.disk.size),
  partitioned(both, one) {
    APPLY[one.fill % 2 === 0 ? 'mbr' : 'gpt'](both, one);
    const first = partitionsFor(both.disk, one)[0];
    if (first) spliceFileSystem(both, one, first.start * SECTOR);
  },
};

/** A range of a disk for an operation, with bytes for it. */
function rangeIn(
  disk: ByteSource,
  { place, length }: Operation,
  bytes: (offset: number, length: number) => Buffer,
): [offset: number, bytes: Buffer] {
  const offset = place % disk.size;
  return [offset, bytes(offset, Math.min(length, disk.size - offset))];
}

/** Writes to the plain file; gives what the disk must get. */
function written({ disk, plain }: Both, one: Operation): [offset: number, bytes: Buffer] {
  const [offset, bytes] = rangeIn(disk, one, (_, count) => Buffer.alloc(count, one.fill));
  plain.write(offset, bytes);
  return [offset, bytes];
}

/** One to four partitions that fit the disk, at places and of sizes that the operation tells. */
function partitionsFor(disk: ByteSource, { place, length, fill }: Operation) {
  const sectors = Math.floor(disk.size / SECTOR) - 2 * GPT_FIRST_USABLE;
  const room = Math.floor(sectors / (1 + (fill % 4)));
  if (room < 4) return [];
  return ([1, 2, 3, 4] as const).slice(0, 1 + (fill % 4)).map((number) => ({
    number,
    start: GPT_FIRST_USABLE + (number - 1) * room + (place % Math.floor(room / 2)),
    sectors: 1 + (length % Math.floor(room / 2)),
  }));
}

function writePartitions(disk: ByteSource & ByteSink, kind: 'mbr' | 'gpt', one: Operation): void {
  const partitions = partitionsFor(disk, one);
  if (partitions.length === 0) return;
  const type = `0FC63DAF-8483-4772-8E79-3D69D8477D${one.fill.toString(16).toUpperCase().padStart(2, '0')}`;
  if (kind === 'gpt')
    writeGpt(disk, {
      diskId: type,
      partitions: partitions.map((where) => ({ ...where, type, id: type, name: 'data' })),
    });
  else {
    const entries = partitions.map((where) => ({ ...where, type: 0x83, active: where.number === 2 }));
    disk.write(0, withMbr(disk.read(0, SECTOR), { diskId: one.fill, partitions: entries }));
  }
}

function writeBootSectors(disk: ByteSource & ByteSink, { place, fill }: Operation): void {
  if (disk.size < GPT_FIRST_USABLE * SECTOR) return;
  const bootImg = Buffer.alloc(SECTOR, fill);
  const coreImg = Buffer.alloc(SECTOR + 1 + (place % 10_000), fill + 1);
  const { boot, core } = grubSectors({
    sector0: disk.read(0, SECTOR),
    bootImg,
    coreImg,
    firstPartition: GPT_FIRST_USABLE,
  });
  disk.write(0, boot);
  disk.write(SECTOR, core);
}

/** As bytes, as a file, or as a disk, whose blocks may be linked; its file must be readable where it is now. */
function spliceFileSystem({ disk, plain }: Both, { length, fill }: Operation, offset: number): void {
  const image = images[fill % images.length]!;
  if (offset + image.size > disk.size) return;
  count(image.name);
  using source = fileSource(image.path);
  const bytes = source.read(0, image.size);
  const sources = [bufferSource(bytes), source, openDisk(image.disk)];
  disk.splice(sources[length % sources.length]!, offset);
  plain.write(offset, bytes);
  const file = openFileSystem(sliceSource(disk, offset, image.size), 'the image').file(image.file);
  expect(file.read(0, file.size).equals(image.content)).toBe(true);
}

/** Everything that can be asked of disks, asked of the disks and of the plain files. */
function compareAll(disks: readonly [string, string], plains: readonly [PlainFile, PlainFile]): void {
  const [before, after] = [openDisk(disks[0]), openDisk(disks[1])];
  const [plainBefore, plainAfter] = [asBlocks(plains[0]), asBlocks(plains[1])];
  const indices = [...new Set([...plains[0].blocks(), ...plains[1].blocks()])].sort((a, b) => a - b);
  const differing = indices.filter((index) => {
    const [a, b] = [plains[0].read(index * MIB, MIB), plains[1].read(index * MIB, MIB)];
    return !a.equals(b);
  });
  expect([...differingBlocks(before, after)]).toEqual(differing);
  expect([...presentRanges(after)]).toEqual([...presentRanges(plainAfter)]);
  expect(told(() => compareDisks(before, after))).toEqual(told(() => compareDisks(plainBefore, plainAfter)));
  expect(told(() => describeDisk(after))).toEqual(told(() => describeDisk(plainAfter)));
}

function asBlocks(plain: PlainFile): BlockSource {
  return rawBlocks({ size: plain.size, read: (offset, length) => plain.read(offset, length) }, plain.ranges());
}

/** Random bytes may be a table that cannot be: then both must say so. */
function told(ask: () => unknown): unknown {
  try {
    return ask();
  } catch (error) {
    return toDiagnostic(error);
  }
}

test(
  'any sequence of operations, over disks made from disks, equals the same on a plain file',
  () => {
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        using folder = temporaryFolder();
        const at = (name: string) => join(folder.path, name);
        editDisk({ to: at('disk'), size: 1 }).finish();
        let last = { path: at('disk'), plain: new PlainFile(at('plain'), 1) };
        for (const [index, { size, operations, reads }] of edits.entries()) {
          const path = at(`disk${index}`);
          const disk = editDisk({ from: last.path, to: path, size });
          const plain = last.plain.copy(at(`plain${index}`));
          plain.resize(size);
          for (const [number, one] of operations.entries()) {
            count(one.kind);
            APPLY[one.kind]({ disk, plain, scratch: at(`source${index}-${number}`) }, one);
          }
          disk.finish();
          checkDisk(path);
          expect(filesOf(path)).toEqual(plain.files());
          for (const [from, count] of reads) {
            const offset = from % size;
            const bytes = plain.read(offset, Math.min(count, size - offset));
            expect(openDisk(path).read(offset, bytes.length).equals(bytes)).toBe(true);
          }
          compareAll([last.path, path], [last.plain, plain]);
          last.plain[Symbol.dispose]();
          last = { path, plain };
        }
        last.plain[Symbol.dispose]();
      }),
      { ...settings(examples(100)), examples: [EACH_IMAGE, EACH_OPERATION] },
    );
    console.log([...done].map(([what, times]) => `${what}: ${times}`).join(', '));
    if (process.env['DSMB_PROPERTY_SEED'] === undefined)
      expect([...done.keys()].sort()).toEqual([...OPERATIONS, ...IMAGES].sort());
  },
  TIMEOUT_MS,
);
