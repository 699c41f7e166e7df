/** What each byte of a disk is used for, beside what e2fsprogs say, and on hostile disks. */
import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { extUses } from './ext4/uses.ts';
import { writeFat16 } from './fat/writer.ts';
import { fatUses } from './fat/uses.ts';
import { openFileSystem } from './file-system.ts';
import { withMbr, SECTOR, type MbrPartition } from './mbr.ts';
import { member0, member1 } from './md.test-helper.ts';
import { fixture, temporaryFolder } from './model.test-helper.ts';
import { bufferSource, fileSource, sliceSource, type ByteSource } from './source.ts';
import { UseMap, type Use } from './use.ts';
import { diskUses } from './uses.ts';

const MIB = 1024 * 1024;
const START = 2048;

const folder = temporaryFolder();
const at = (name: string): string => join(folder.path, name);
afterAll(() => folder[Symbol.dispose]());

function never(path: string, error: unknown): never {
  throw new Error(`${path} is damaged`, { cause: error });
}

/** What was found, without the steps that found nothing. */
const found = (steps: Iterable<Use | undefined>): Use[] => [...steps].filter((use) => use !== undefined);

/** A file's bytes, as its uses say where they are. */
function contentOf(source: ByteSource, uses: readonly Use[], name: string, size: number): Buffer {
  const own = uses.filter((use) => use.kind === 'file' && use.name === name);
  return Buffer.concat(own.map(({ start, end }) => source.read(start, end - start))).subarray(0, size);
}

beforeAll(() => {
  mkdirSync(at('tree/etc/deep'), { recursive: true });
  writeFileSync(at('tree/etc/VERSION'), 'majorversion="6"\n');
  writeFileSync(at('tree/etc/deep/numbers'), Array.from({ length: 60_000 }, (_none, index) => `${index}\n`).join(''));
  symlinkSync(`deep/${'../deep/'.repeat(12)}numbers`, at('tree/etc/long'));
  symlinkSync('VERSION', at('tree/etc/short'));
  for (let number = 0; number < 300; number++) writeFileSync(at(`tree/a file with a long name ${number}`), `${number}`);
});

const VARIANTS = [
  ['ext4', ['-t', 'ext4', '-b', '4096']],
  [
    'ext4 with small blocks, groups and inline data',
    ['-t', 'ext4', '-b', '1024', '-g', '1024', '-I', '256', '-O', 'inline_data'],
  ],
  ['ext4 with groups of groups', ['-t', 'ext4', '-b', '1024', '-g', '1024', '-O', 'meta_bg,^resize_inode']],
  ['ext3', ['-t', 'ext3', '-b', '2048']],
  ['ext2 with indirect blocks', ['-t', 'ext2', '-b', '1024']],
] as const;

describe.each(VARIANTS)('%s', (_name, options) => {
  const image = at(`image ${VARIANTS.findIndex((one) => one[1] === options)}`);
  beforeAll(() => {
    execFileSync('mke2fs', ['-q', ...options, '-d', at('tree'), image, '16M']);
  });

  test('every block that is in use has a use, and no other has', () => {
    using source = fileSource(image);
    const said = execFileSync('dumpe2fs', [image], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const number = (name: string): number => Number(new RegExp(`^${name}: +(\\d+)`, 'm').exec(said)![1]);
    const [blockSize, count, first] = [number('Block size'), number('Block count'), number('First block')];
    const free = new Set<number>();
    for (const [, list = ''] of said.matchAll(/^ {2}Free blocks: (.*)$/gm))
      for (const [, from, to = from] of list.matchAll(/(\d+)(?:-(\d+))?/g))
        for (let block = Number(from); block <= Number(to); block++) free.add(block);
    const used = new Set<number>();
    for (const { start, end } of found(extUses(source, never)))
      for (let block = Math.floor(start / blockSize); block < Math.ceil(end / blockSize); block++) used.add(block);
    const blocks = Array.from({ length: count - first }, (_none, index) => first + index);
    expect(blocks.filter((block) => used.has(block) === free.has(block))).toEqual([]);
  });

  test('the bytes of a file are where it is said to lie', () => {
    using source = fileSource(image);
    const uses = found(extUses(source, never));
    const numbers = readFileSync(at('tree/etc/deep/numbers'));
    expect(contentOf(source, uses, 'etc/deep/numbers', numbers.length).equals(numbers)).toBe(true);
    for (const { start, end, offset = 0 } of uses.filter(({ name }) => name === 'etc/deep/numbers')) {
      const there = numbers.subarray(offset, offset + end - start);
      expect(source.read(start, there.length).equals(there)).toBe(true);
    }
    const metadata = new Set(uses.filter(({ kind }) => kind === 'metadata').map(({ name }) => name));
    for (const name of ['superblock', 'group descriptors', 'block bitmap', 'inode bitmap', 'inode table'])
      expect(metadata).toContain(name);
  });
});

const FAT_SECTORS = 16 * 2048;

function makeFat(): Buffer {
  const image = Buffer.alloc(FAT_SECTORS * SECTOR);
  const files = [
    { path: 'boot/grub/grub.cfg', source: bufferSource(Buffer.from('set mac1=1\n')) },
    { path: 'boot/zImage', source: bufferSource(Buffer.from('kernel'.repeat(70_000))) },
  ];
  const options = { sectors: FAT_SECTORS, hiddenSectors: START, volumeId: 1, label: 'BOOT', epoch: 1_577_836_800 };
  writeFat16({ write: (offset, bytes) => image.set(bytes, offset) }, { ...options, files });
  return image;
}

test('a FAT has uses for its tables, folders and files', () => {
  const source = bufferSource(makeFat());
  const uses = found(fatUses(source, never));
  const kernel = Buffer.from('kernel'.repeat(70_000));
  expect(contentOf(source, uses, 'boot/zImage', kernel.length).equals(kernel)).toBe(true);
  const names = uses.filter(({ kind }) => kind !== 'file').map(({ kind, name }) => `${kind} ${name}`);
  expect(new Set(names)).toEqual(
    new Set(['metadata boot sector of the file system', 'metadata FAT', 'folder ', 'folder boot', 'folder boot/grub']),
  );
});

/** The tables of a disk, and which bytes they have. */
function tablesOf(source: ByteSource): (readonly [name: string, start: number, end: number])[] {
  const uses = found(diskUses(source, () => {})).filter(
    ({ kind, name }) => kind === 'metadata' && /GPT|table/.test(name),
  );
  return uses.map(({ name, start, end }) => [name, start, end] as const);
}

test('a GPT lies where its headers say, of a disk that was cut as well', () => {
  const disk = bufferSource(fixture('jun'));
  const end = disk.size;
  const first = [
    ['boot sector, with the partition table', 0, SECTOR],
    ['GPT', SECTOR, 2 * SECTOR],
    ['GPT', 2 * SECTOR, 34 * SECTOR],
  ] as const;
  expect(tablesOf(disk)).toEqual([
    ...first,
    ['copy of the GPT', end - SECTOR, end],
    ['copy of the GPT', end - 33 * SECTOR, end - SECTOR],
  ]);
  expect(tablesOf(sliceSource(disk, 0, end - MIB))).toEqual(first);
});

test('the tables of logical partitions are told', () => {
  const disk = Buffer.alloc(8 * MIB);
  const table = (...partitions: MbrPartition[]) => withMbr(Buffer.alloc(SECTOR), { diskId: 1, partitions });
  table({ number: 1, active: false, type: 5, start: 2048, sectors: 10_240 }).copy(disk);
  const inner = { number: 1, active: false, type: 0x83, start: 1024, sectors: 1024 } as const;
  table(inner, { number: 2, active: false, type: 5, start: 4096, sectors: 4096 }).copy(disk, 2048 * SECTOR);
  table(inner).copy(disk, 6144 * SECTOR);
  expect(tablesOf(bufferSource(disk)).slice(1)).toEqual([
    ['table of logical partitions', 2048 * SECTOR, 2049 * SECTOR],
    ['table of logical partitions', 6144 * SECTOR, 6145 * SECTOR],
  ]);
});

/** A disk with a FAT, and a member of an array with an ext file system. */
function makeDisk(version: '0.90' | '1.2'): Buffer {
  const ext = readFileSync(at('image 0'));
  const member = version === '0.90' ? member0(1, ext) : member1('1', 3, ext);
  const disk = Buffer.alloc((START + FAT_SECTORS) * SECTOR + member.length);
  const second = START + FAT_SECTORS;
  const partitions = [
    { number: 1, active: true, type: 0x0e, start: START, sectors: FAT_SECTORS },
    { number: 2, active: false, type: 0xfd, start: second, sectors: member.length / SECTOR },
  ] as const;
  withMbr(Buffer.alloc(SECTOR), { diskId: 1, partitions }).copy(disk);
  makeFat().copy(disk, START * SECTOR);
  member.copy(disk, second * SECTOR);
  return disk;
}

test.each(['0.90', '1.2'] as const)('a disk has those of its partitions, through an array of version %s', (version) => {
  const bytes = makeDisk(version);
  const source = bufferSource(bytes);
  const map = new UseMap();
  for (const use of found(diskUses(source, (problem) => expect(problem).toBe('')))) map.add(use);
  const version_ = Buffer.from('majorversion="6"\n');
  const file = map.within(0, bytes.length).find(({ name }) => name === 'etc/VERSION')!;
  expect(file.partition).toBe(2);
  expect(bytes.subarray(file.start, file.start + version_.length).equals(version_)).toBe(true);
  const names = map.within(0, bytes.length).map(({ name }) => name);
  expect(names[0]).toBe('boot sector, with the partition table');
  expect(names.filter((name) => name.startsWith('md superblock'))).toHaveLength(1);
  const config = map.within(0, bytes.length).find(({ name }) => name === 'boot/grub/grub.cfg')!;
  expect(map.inBlock(Math.floor(config.start / MIB))).toContainEqual(config);
  expect(map.within(file.end, file.end).length).toBe(0);
});

test('uses of one place are found however they overlap', () => {
  const uses = fc.array(fc.tuple(fc.nat(60), fc.integer({ min: 1, max: 40 })), { maxLength: 30 });
  fc.assert(
    fc.property(uses, fc.nat(100), fc.integer({ min: 1, max: 30 }), (ranges, start, length) => {
      const map = new UseMap();
      const all = ranges.map(([from, size], index): Use => ({
        start: from,
        end: from + size,
        kind: 'file',
        name: `${index}`,
      }));
      for (const use of all) map.add(use);
      const wanted = all.filter((use) => use.start < start + length && use.end > start).map(({ name }) => name);
      expect(new Set(map.within(start, start + length).map(({ name }) => name))).toEqual(new Set(wanted));
    }),
  );
});

test('of damaged disks, what can be read is told, and nothing that lies outside', () => {
  const sound = makeDisk('1.2');
  const flip = fc.tuple(fc.nat(4 * MIB), fc.nat(255));
  fc.assert(
    fc.property(fc.array(flip, { minLength: 1, maxLength: 40 }), fc.boolean(), (flips, inExt) => {
      const bytes = Buffer.from(sound);
      const base = inExt ? (START + FAT_SECTORS) * SECTOR : START * SECTOR;
      for (const [offset, value] of flips) bytes[(base + offset) % bytes.length] = value;
      const problems: string[] = [];
      for (const { start, end } of found(diskUses(bufferSource(bytes), (problem) => problems.push(problem))))
        expect(start >= 0 && start < end && end <= bytes.length, `${start} ${end}`).toBe(true);
    }),
    { numRuns: 25 },
  );
});

test('files that claim the same blocks again and again are damage, and end', () => {
  const fat = makeFat();
  const source = bufferSource(fat);
  const { name } = openFileSystem(source, 'it').find('/boot/zImage')!;
  expect(name).toBe('zImage');
  // Every entry of the folder starts where the kernel does.
  const entry = fat.indexOf('ZIMAGE');
  const copies = Buffer.concat(
    Array.from({ length: 40 }, (_none, index) => {
      const record = Buffer.from(fat.subarray(entry, entry + 32));
      record.write(`F${String(index).padStart(7, '0')}   `, 0, 'latin1');
      return record;
    }),
  );
  copies.copy(fat, entry + 32);
  const problems: string[] = [];
  const uses = found(fatUses(bufferSource(fat), (path) => problems.push(path)));
  expect(problems).not.toEqual([]);
  expect(uses.length).toBeLessThan(FAT_SECTORS);
});
