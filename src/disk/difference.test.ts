import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { examples } from '../../test/rig/campaign.ts';
import { rawBlocks, type BlockSource } from './compare.ts';
import { describeDisk } from './describe.ts';
import { compareDisks } from './difference.ts';
import { editDisk } from './editor.ts';
import { writeFat16 } from './fat/writer.ts';
import { SECTOR, withMbr, type MbrPartition } from './mbr.ts';
import { fixture, temporaryFolder } from './model.test-helper.ts';
import { openDisk, type DiskReader } from './reader.ts';
import { bufferSource } from './source.ts';

const MIB = 1024 * 1024;
const UUID = '11111111-2222-3333-4444-555555555555';
const LINUX: MbrPartition = { number: 1, active: false, type: 0x83, start: 2048, sectors: (8 * MIB) / SECTOR };
const FAT: MbrPartition = { number: 2, active: true, type: 0x0e, start: 10 * 2048, sectors: (16 * MIB) / SECTOR + 1 };
const RAW: MbrPartition = { number: 3, active: false, type: 0x82, start: 27 * 2048, sectors: 2048 };

/** Seconds since 1970: 2017-07-14 02:40:00. */
const MADE_AT = 1_500_000_000;

type Files = Readonly<Record<string, string>>;

interface Recipe {
  readonly linux: Files;
  readonly fat: Files;
  readonly partitions?: readonly MbrPartition[];
  readonly raw?: string;
}

/** A disk of 30 MiB: ext4 in partition 1, FAT 16 in partition 2, anything in partition 3. */
function makeDisk(
  folder: string,
  name: string,
  { linux, fat, partitions = [LINUX, FAT, RAW], raw = 'x' }: Recipe,
  change: (extImage: string) => void = () => {},
) {
  const to = join(folder, name);
  const disk = editDisk({ to, size: 30 * MIB });
  disk.write(0, withMbr(Buffer.alloc(SECTOR), { diskId: 0x1234abcd, partitions }));
  disk.splice(bufferSource(extImage(join(folder, `${name}-ext`), linux, change)), LINUX.start * SECTOR);
  disk.splice(bufferSource(fatImage(join(folder, `${name}-fat`), fat)), FAT.start * SECTOR);
  disk.write(RAW.start * SECTOR + 700, Buffer.from(raw));
  disk.finish();
  return openDisk(to);
}

function extImage(path: string, files: Files, change: (image: string) => void): Buffer {
  mkdirSync(path);
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(path, name), text);
    utimesSync(join(path, name), MADE_AT, MADE_AT);
  }
  const image = `${path}.img`;
  const options = ['-q', '-t', 'ext4', '-L', 'system', '-U', UUID, '-E', `hash_seed=${UUID}`, '-d', path];
  execFileSync('mke2fs', [...options, image, '8M'], { env: { ...process.env, E2FSPROGS_FAKE_TIME: '1500000000' } });
  change(image);
  return readFileSync(image);
}

function fatImage(path: string, files: Files): Buffer {
  const bytes = Buffer.alloc(FAT.sectors * SECTOR);
  const sink = { write: (offset: number, part: Uint8Array) => bytes.set(part, offset) };
  writeFat16(sink, {
    sectors: FAT.sectors,
    hiddenSectors: FAT.start,
    label: 'BOOT',
    volumeId: 0x1234abcd,
    epoch: 1_577_836_800,
    files: Object.entries(files).map(([name, text]) => ({ path: name, source: bufferSource(Buffer.from(text), path) })),
  });
  return bytes;
}

const SAME: Recipe = { linux: { a: 'one', b: 'two' }, fat: { 'grub.cfg': 'mac=1' } };

test('equal disks', () => {
  using folder = temporaryFolder();
  const before = makeDisk(folder.path, 'before', SAME);
  const edit = editDisk({ from: before.folder, to: join(folder.path, 'after') });
  edit.finish();
  expect(compareDisks(before, openDisk(join(folder.path, 'after'))).regions).toEqual([]);
});

test('what changed, by partition and by file', () => {
  using folder = temporaryFolder();
  const before = makeDisk(folder.path, 'before', SAME);
  const after = makeDisk(folder.path, 'after', {
    linux: { a: 'One', c: 'three' },
    fat: { 'grub.cfg': 'mac=2' },
    raw: 'y',
  });
  const { regions } = compareDisks(before, after);
  expect(regions.map(({ name, change }) => `${name} ${change}`)).toEqual([
    'p1 Linux changed',
    'p2 FAT 16 (LBA) changed',
    'p3 Linux swap changed',
  ]);
  expect(regions[0]?.files?.map(({ path, change }) => `${change} ${path}`)).toEqual([
    'changed a',
    'removed b',
    'added c',
  ]);
  expect(regions[1]?.files).toEqual([
    { path: 'grub.cfg', change: 'changed', before: { type: 'file', size: 5 }, after: { type: 'file', size: 5 } },
  ]);
  expect(regions[1]?.bytes).toBe(SECTOR);
  expect(regions[2]).toMatchObject({ ranges: [{ offset: RAW.start * SECTOR + 512, length: SECTOR }], rangeCount: 1 });
});

test('partitions that come, go and move', () => {
  using folder = temporaryFolder();
  const before = makeDisk(folder.path, 'before', { ...SAME, partitions: [LINUX, RAW] });
  const after = makeDisk(folder.path, 'after', {
    ...SAME,
    partitions: [{ ...LINUX, sectors: LINUX.sectors + 8 }, FAT],
  });
  const { regions } = compareDisks(before, after);
  expect(regions.map(({ name, change }) => `${name} ${change}`)).toEqual([
    'before the partitions changed',
    'p1 Linux moved',
    'p2 FAT 16 (LBA) added',
    'p3 Linux swap removed',
  ]);
  expect(regions[1]?.files).toEqual([]);
  expect(regions[2]?.files).toEqual([{ path: 'grub.cfg', change: 'added', after: { type: 'file', size: 5 } }]);
});

test('a damaged file system is told, and hides nothing else', () => {
  using folder = temporaryFolder();
  const before = makeDisk(folder.path, 'before', SAME);
  const edit = editDisk({ from: before.folder, to: join(folder.path, 'after') });
  edit.write(LINUX.start * SECTOR + 1024 + 0x18, Buffer.from([60]));
  edit.write(FAT.start * SECTOR + 16 * MIB, Buffer.from('tail'));
  edit.finish();
  const after = openDisk(join(folder.path, 'after'));
  const { regions } = compareDisks(before, after);
  expect(regions.map(({ name, problem, files }) => ({ name, problem, files }))).toEqual([
    { name: 'p1 Linux', problem: expect.stringContaining('the ext file system is damaged'), files: undefined },
    { name: 'p2 FAT 16 (LBA)', problem: undefined, files: [] },
  ]);
  expect(describeDisk(after).partitions.map(({ problem, fileSystem }) => problem ?? fileSystem?.type)).toEqual([
    expect.stringContaining('the ext file system is damaged'),
    'fat16',
    undefined,
  ]);
});

test('mode, owner and time of a file, where its content is the same', () => {
  using folder = temporaryFolder();
  const before = makeDisk(folder.path, 'before', SAME);
  const after = makeDisk(folder.path, 'after', SAME, (image) => {
    for (const request of [
      'set_inode_field a mode 0100600',
      'set_inode_field a uid 70000',
      'set_inode_field b mtime 1600000000',
    ])
      execFileSync('debugfs', ['-w', '-R', request, image], { stdio: 'ignore' });
  });
  const { regions } = compareDisks(before, after);
  expect(regions[0]?.files).toEqual([
    {
      path: 'a',
      change: 'changed',
      before: {
        type: 'file',
        size: 3,
        properties: { mode: '644', owner: `${process.getuid!()}:${process.getgid!()}` },
      },
      after: { type: 'file', size: 3, properties: { mode: '600', owner: `70000:${process.getgid!()}` } },
    },
    {
      path: 'b',
      change: 'changed',
      before: { type: 'file', size: 3, properties: { modified: '2017-07-14 02:40:00' } },
      after: { type: 'file', size: 3, properties: { modified: '2020-09-13 12:26:40' } },
    },
  ]);
});

test('a file that cannot be read is told, and hides no other', () => {
  using folder = temporaryFolder();
  const before = makeDisk(folder.path, 'before', SAME);
  const after = makeDisk(folder.path, 'after', { ...SAME, linux: { a: 'one', b: 'TWO', c: '' } }, (image) => {
    execFileSync('debugfs', ['-w', '-R', 'set_inode_field a block[0] 1', image], { stdio: 'ignore' });
  });
  const { regions } = compareDisks(before, after);
  expect(regions[0]?.files?.map(({ path, change, problem }) => [path, change, problem])).toEqual([
    ['a', 'changed', expect.stringMatching(/the extent tree of inode \d+ is broken/)],
    ['b', 'changed', undefined],
    ['c', 'added', undefined],
  ]);
});

test('the files of a disk without a table', () => {
  using folder = temporaryFolder();
  const image = (name: string, text: string) =>
    rawBlocks(bufferSource(fatImage(join(folder.path, name), { 'grub.cfg': text, other: 'same' })));
  const { regions } = compareDisks(image('a', 'mac=1'), image('b', 'mac=2'));
  expect(regions.map(({ name, files }) => [name, files?.map(({ path }) => path)])).toEqual([
    ['the disk', ['grub.cfg']],
  ]);
});

test('of a large file only the blocks that differ are read', () => {
  using folder = temporaryFolder();
  const large = { ...SAME, linux: { a: 'one', large: Buffer.alloc(5 * MIB, 'x').toString() } };
  const before = makeDisk(folder.path, 'before', large);
  const edit = editDisk({ from: before.folder, to: join(folder.path, 'after') });
  const at = before.read(0, before.size).indexOf('x'.repeat(4096)) + 2 * MIB;
  edit.write(at, Buffer.from('y'));
  edit.finish();
  let bytes = 0;
  const counted = (disk: DiskReader): BlockSource => ({
    ...disk,
    read(offset, length) {
      bytes += length;
      return disk.read(offset, length);
    },
  });
  const { regions } = compareDisks(counted(before), counted(openDisk(join(folder.path, 'after'))));
  expect(regions.map(({ files }) => files?.map(({ path }) => path))).toEqual([['large']]);
  // Both sides of one block, once for its sectors and once for the file, and what the file systems keep.
  expect(bytes).toBeLessThan(5 * MIB);
});

test('a difference belongs to the smallest partition that holds it', () => {
  const outer: MbrPartition = { number: 1, active: false, type: 0x83, start: 2048, sectors: 8192 };
  const inner: MbrPartition = { number: 2, active: false, type: 0x82, start: 4096, sectors: 2048 };
  const disk = (text: string) => {
    const bytes = Buffer.alloc(8 * MIB);
    withMbr(bytes, { diskId: 1, partitions: [outer, inner] }).copy(bytes);
    for (const sector of [3000, 5000, 7000, 12_000]) bytes.write(text, sector * SECTOR);
    return rawBlocks(bufferSource(bytes));
  };
  const { regions } = compareDisks(disk('one'), disk('two'));
  expect(regions.map(({ name, ranges }) => [name, ranges.map(({ offset }) => offset / SECTOR)])).toEqual([
    ['p1 Linux', [3000, 7000]],
    ['p2 Linux swap', [5000]],
    ['behind the partitions', [12_000]],
  ]);
});

test('ranges that are not shown are counted as those that are', () => {
  const disk = (value: number) => {
    const bytes = Buffer.alloc(4 * MIB);
    // Each two sectors long; the last one goes from one block into the next.
    for (let at = 0; at < 30; at++) bytes.fill(value, at * 4 * SECTOR, (at * 4 + 2) * SECTOR);
    bytes.fill(value, MIB - SECTOR, MIB + SECTOR);
    return rawBlocks(bufferSource(bytes));
  };
  const [region] = compareDisks(disk(1), disk(2)).regions;
  expect(region).toMatchObject({ rangeCount: 31, bytes: 62 * SECTOR });
  expect(region?.ranges).toHaveLength(20);
});

test('a table that cannot be read is told, and what differs is shown all the same', () => {
  const bytes = Buffer.from(fixture('jun'));
  const damaged = Buffer.from(bytes);
  damaged.fill(7, SECTOR + 20, SECTOR + 60);
  damaged.fill(7, damaged.length - SECTOR + 20, damaged.length - SECTOR + 60);
  damaged.write('other', 40_000 * SECTOR);
  const { regions, problems } = compareDisks(rawBlocks(bufferSource(bytes)), rawBlocks(bufferSource(damaged)));
  expect(problems).toEqual([expect.stringMatching(/^the partition table of the second disk cannot be read: /)]);
  expect(regions.map(({ change, name }) => `${change} ${name}`)).toEqual([
    'changed before the partitions',
    'changed p2 basic data',
    'changed behind the partitions',
  ]);
});

test('whatever is damaged, a comparison ends with what can be told', () => {
  using folder = temporaryFolder();
  const whole = makeDisk(folder.path, 'whole', SAME);
  const bytes = whole.read(0, whole.size);
  const near = (from: number, length: number) => fc.nat(length - 1).map((at) => from + at);
  const places = fc.oneof(
    near(446, 66),
    near(LINUX.start * SECTOR, 256 * 1024),
    near(FAT.start * SECTOR, 128 * 1024),
    fc.nat(bytes.length - 1),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(places, fc.nat(255)), { minLength: 1, maxLength: 20 }), (hits) => {
      const damaged = Buffer.from(bytes);
      for (const [at, value] of hits) damaged[at] = value;
      const changed = hits.some(([at]) => damaged[at] !== bytes[at]);
      const { regions, problems } = compareDisks(whole, rawBlocks(bufferSource(damaged)));
      expect(regions.length + problems.length > 0).toBe(changed);
    }),
    { numRuns: examples(200) },
  );
});

test('a description', () => {
  using folder = temporaryFolder();
  const disk = makeDisk(folder.path, 'disk', SAME);
  expect(describeDisk(disk)).toMatchObject({
    size: 30 * MIB,
    grub: false,
    table: { scheme: 'dos', diskId: '0x1234abcd' },
    partitions: [
      { number: 1, type: 'Linux', fileSystem: { type: 'ext4', label: 'system', uuid: UUID } },
      {
        number: 2,
        type: 'FAT 16 (LBA)',
        active: true,
        fileSystem: { type: 'fat16', label: 'BOOT', uuid: '1234-ABCD' },
      },
      { number: 3, type: 'Linux swap' },
    ],
  });
});
