import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeDisk } from './describe.ts';
import { compareDisks } from './difference.ts';
import { editDisk } from './editor.ts';
import { writeFat16 } from './fat/writer.ts';
import { SECTOR, withMbr, type MbrPartition } from './mbr.ts';
import { temporaryFolder } from './model.test-helper.ts';
import { openDisk } from './reader.ts';
import { bufferSource } from './source.ts';

const MIB = 1024 * 1024;
const UUID = '11111111-2222-3333-4444-555555555555';
const LINUX: MbrPartition = { number: 1, active: false, type: 0x83, start: 2048, sectors: (8 * MIB) / SECTOR };
const FAT: MbrPartition = { number: 2, active: true, type: 0x0e, start: 10 * 2048, sectors: (16 * MIB) / SECTOR + 1 };
const RAW: MbrPartition = { number: 3, active: false, type: 0x82, start: 27 * 2048, sectors: 2048 };

type Files = Readonly<Record<string, string>>;

interface Recipe {
  readonly linux: Files;
  readonly fat: Files;
  readonly partitions?: readonly MbrPartition[];
  readonly raw?: string;
}

/** A disk of 30 MiB: ext4 in partition 1, FAT 16 in partition 2, anything in partition 3. */
function makeDisk(folder: string, name: string, { linux, fat, partitions = [LINUX, FAT, RAW], raw = 'x' }: Recipe) {
  const to = join(folder, name);
  const disk = editDisk({ to, size: 30 * MIB });
  disk.write(0, withMbr(Buffer.alloc(SECTOR), { diskId: 0x1234abcd, partitions }));
  disk.splice(bufferSource(extImage(join(folder, `${name}-ext`), linux)), LINUX.start * SECTOR);
  disk.splice(bufferSource(fatImage(join(folder, `${name}-fat`), fat)), FAT.start * SECTOR);
  disk.write(RAW.start * SECTOR + 700, Buffer.from(raw));
  disk.finish();
  return openDisk(to);
}

function extImage(path: string, files: Files): Buffer {
  mkdirSync(path);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  const image = `${path}.img`;
  const options = ['-q', '-t', 'ext4', '-L', 'system', '-U', UUID, '-E', `hash_seed=${UUID}`, '-d', path];
  execFileSync('mke2fs', [...options, image, '8M'], { env: { ...process.env, E2FSPROGS_FAKE_TIME: '1500000000' } });
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
