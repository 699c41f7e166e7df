/** Disks as others make them: shapes that are rare and right. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from './model.test-helper.ts';
import { describeDisk } from './describe.ts';
import { identifyFileSystem, openFileSystem } from './file-system.ts';
import { readMdSuperblock } from './md.ts';
import { partitionSource, readPartitions } from './partitions.ts';
import { bufferSource, type ByteSource } from './source.ts';
import { rawBlocks } from './compare.ts';

const SECTOR = 512;

interface FatShape {
  readonly type: 16 | 32;
  readonly sectors: number;
  /** `FAT16   ` in the boot sector. */
  readonly text?: boolean;
  /** What OS/2 keeps beside a file of FAT 16. */
  readonly attributes?: number;
  /** In the root folder. */
  readonly label?: string;
}

/** A FAT with one sector a cluster that holds HELLO.TXT. */
function fat({ type, sectors, text = true, attributes = 0, label }: FatShape): Buffer {
  const [reserved, rootEntries, at] = type === 32 ? [32, 0, 64] : [1, 512, 36];
  const table = Math.ceil((sectors * (type / 8)) / SECTOR);
  const image = Buffer.alloc(sectors * SECTOR);
  image.set([0xeb, 0x3c, 0x90]);
  image.write('MSDOS5.0', 3);
  image.writeUInt16LE(SECTOR, 11);
  image.set([1, reserved, 0, 2], 13);
  image.writeUInt16LE(rootEntries, 17);
  image.writeUInt8(0xf8, 21);
  image.writeUInt16LE(type === 16 ? table : 0, 22);
  image.writeUInt32LE(sectors, 32);
  if (type === 32) {
    image.writeUInt32LE(table, 36);
    image.writeUInt32LE(2, 44);
  }
  image.writeUInt8(0x29, at + 2);
  image.writeUInt32LE(0x1234_abcd, at + 3);
  image.write('NO NAME    ', at + 7);
  image.write(text ? `FAT${type}   ` : ' '.repeat(8), at + 18);
  image.writeUInt16LE(0xaa55, 510);
  const data = reserved + 2 * table + (rootEntries * 32) / SECTOR;
  const entry = Buffer.alloc(32);
  entry.write('HELLO   TXT ');
  entry.writeUInt16LE(attributes, 20);
  entry.writeUInt16LE(3, 26);
  entry.writeUInt32LE(6, 28);
  const volume = Buffer.alloc(32);
  volume.write(`${(label ?? '').padEnd(11)}\x08`);
  const folder = Buffer.concat([...(label === undefined ? [] : [volume]), entry]);
  const tableOf =
    type === 32
      ? Uint32Array.of(0xffffff8, 0xfffffff, 0xfffffff, 0xfffffff)
      : Uint16Array.of(0xfff8, 0xffff, 0xffff, 0xffff);
  for (const copy of [0, 1]) image.set(Buffer.from(tableOf.buffer), (reserved + copy * table) * SECTOR);
  image.set(folder, (type === 32 ? data : reserved + 2 * table) * SECTOR);
  image.write('hello\n', (data + 1) * SECTOR);
  return image;
}

function readText(disk: ByteSource, path: string): string {
  const file = openFileSystem(disk, 'the disk').file(path);
  return file.read(0, file.size).toString();
}

describe('a FAT on a whole disk', () => {
  it.each<[string, FatShape, { type: string; label?: string }]>([
    ['of 32 with fewer clusters than it should have', { type: 32, sectors: 32_768 }, { type: 'fat32' }],
    ['without the text that says so', { type: 16, sectors: 8000, text: false }, { type: 'fat16' }],
    ['with the extended attributes of OS/2', { type: 16, sectors: 8000, attributes: 5 }, { type: 'fat16' }],
    [
      'with a label in the root folder alone',
      { type: 16, sectors: 8000, label: 'BINGO' },
      { type: 'fat16', label: 'BINGO' },
    ],
    [
      'with a label in the root folder that others have for none',
      { type: 32, sectors: 32_768, label: 'NO NAME' },
      { type: 'fat32', label: 'NO NAME' },
    ],
  ])('%s is read', (_what, shape, identity) => {
    const disk = bufferSource(fat(shape));
    expect(readPartitions(disk)).toBeUndefined();
    expect(identifyFileSystem(disk)).toEqual({ uuid: '1234-ABCD', ...identity });
    expect(
      openFileSystem(disk, 'the disk')
        .list('/')
        .map(({ name }) => name),
    ).toEqual(['HELLO.TXT']);
    expect(readText(disk, '/HELLO.TXT')).toBe('hello\n');
  });
});

it('a FAT that has its text but no jump is read, and one that describes none is damaged', () => {
  const image = fat({ type: 16, sectors: 8000 });
  image.fill(0, 0, 3);
  expect(readText(bufferSource(image), '/HELLO.TXT')).toBe('hello\n');
  image.fill(0, 11, 13);
  expect(() => identifyFileSystem(bufferSource(image))).toThrow('its boot sector describes no FAT');
});

it('the image of a disc shows its table and what it is', () => {
  const image = Buffer.alloc(2 ** 20);
  image.set([0xcd, 0, 0, 0, 64, 0, 0, 0, 0, 8, 0, 0], 450); // a partition of 2048 sectors at 64
  image.writeUInt16LE(0xaa55, 510);
  image.write('\x01CD001', 32_768);
  image.write('DEBIAN'.padEnd(32), 32_808);
  const description = describeDisk(rawBlocks(bufferSource(image), [{ offset: 0, length: image.length }]));
  expect(description.table?.scheme).toBe('dos');
  expect(description.whole).toEqual({ fileSystem: { type: 'iso9660', label: 'DEBIAN' } });
});

/** An ext file system with three folders, each with a file of its name. */
function ext(...options: string[]): Buffer {
  using folder = temporaryFolder();
  for (const name of ['a', 'b', 'c']) {
    mkdirSync(join(folder.path, 'content', name), { recursive: true });
    writeFileSync(join(folder.path, 'content', name, 'file'), name);
  }
  const image = join(folder.path, 'image');
  execFileSync('mke2fs', ['-q', '-d', join(folder.path, 'content'), ...options, image, '4M']);
  return readFileSync(image);
}

describe('an ext file system', () => {
  it('on a whole disk is found behind a boot sector with an empty table', () => {
    const image = ext('-t', 'ext2', '-b', '1024');
    image.writeUInt16LE(0xaa55, 510);
    const description = describeDisk(rawBlocks(bufferSource(image), [{ offset: 0, length: image.length }]));
    expect(description).toMatchObject({ partitions: [], whole: { fileSystem: { type: 'ext2' } } });
    expect(description.table).toBeUndefined();
    expect(readText(bufferSource(image), '/a/file')).toBe('a');
  });

  it.each([
    ['ext2', ['-t', 'ext2']],
    ['ext2', ['-t', 'ext2', '-O', 'meta_bg,^resize_inode']],
    ['ext3', ['-t', 'ext3', '-b', '1024']],
    ['ext4', ['-t', 'ext2', '-O', 'huge_file']],
    ['ext4', ['-t', 'ext4', '-O', '^has_journal']],
    ['ext4', ['-t', 'ext4', '-b', '1024', '-O', 'bigalloc,^resize_inode', '-C', '16384']],
  ])('is %s with mke2fs %j, and is read', (type, options) => {
    const image = bufferSource(ext(...options));
    expect(identifyFileSystem(image)?.type).toBe(type);
    expect(readText(image, '/c/file')).toBe('c');
  });

  it('without a UUID has none', () => {
    expect(identifyFileSystem(bufferSource(ext('-t', 'ext2', '-U', 'clear')))).toEqual({ type: 'ext2' });
  });

  it('with a tree of extents that is deeper than Linux reads is refused', () => {
    const image = ext('-t', 'ext4', '-O', '^metadata_csum');
    const inode = image.indexOf(Buffer.from([0x0a, 0xf3, 1, 0, 4, 0, 0, 0]), 8192);
    expect(inode).toBeGreaterThan(0);
    for (let at = inode; at >= 0; at = image.indexOf(Buffer.from([0x0a, 0xf3, 1, 0, 4, 0, 0, 0]), at))
      image.writeUInt16LE(7, at + 6);
    expect(() => openFileSystem(bufferSource(image), 'the disk').list('/')).toThrow(
      /has 7 levels: Linux reads 5 at most/,
    );
  });

  it('shows what is beside a damaged folder', () => {
    const image = ext('-t', 'ext2', '-b', '1024');
    const block = blockOf(image, '/b');
    image.writeUInt16LE(0, block * 1024 + 4);
    const damaged: string[] = [];
    const files = openFileSystem(bufferSource(image), 'the disk');
    const found = [...files.walk('/', (path) => damaged.push(path))].map(({ path }) => path);
    expect(found).toEqual(expect.arrayContaining(['a/file', 'b', 'c/file']));
    expect(damaged).toEqual(['b']);
    expect(() => [...files.walk('/')]).toThrow('an entry of /b has 0 bytes');
  });
});

function blockOf(image: Buffer, path: string): number {
  using folder = temporaryFolder();
  writeFileSync(join(folder.path, 'image'), image);
  return Number(execFileSync('debugfs', ['-R', `blocks ${path}`, join(folder.path, 'image')], { encoding: 'utf8' }));
}

describe('a member of an array', () => {
  it.each(['1.0', '1.1', '1.2'] as const)('of version %s is read', (version) => {
    const size = 8 * 2 ** 20 + 5 * SECTOR;
    const at = { '1.0': 8 * 2 ** 20 - 8192, '1.1': 0, '1.2': 4096 }[version];
    const image = Buffer.alloc(size);
    const block = image.subarray(at, at + 256);
    block.writeUInt32LE(0xa92b_4efc, 0);
    block.writeUInt32LE(1, 4);
    block.set(
      Array.from({ length: 16 }, (_, index) => index),
      16,
    );
    block.write('nas:2', 32);
    block.writeInt32LE(1, 72);
    block.writeUInt32LE(2, 92);
    block.writeBigUInt64LE(version === '1.0' ? 0n : 2048n, 128);
    block.writeBigUInt64LE(4096n, 136);
    block.writeBigUInt64LE(BigInt(at / SECTOR), 144);
    const words = Array.from({ length: 64 }, (_, index) => block.readUInt32LE(index * 4));
    const sum = words.reduce((total, word) => total + word, 0);
    block.writeUInt32LE((Math.floor(sum / 2 ** 32) + (sum % 2 ** 32)) % 2 ** 32, 216);
    expect(readMdSuperblock(bufferSource(image))).toMatchObject({
      version,
      uuid: '00010203:04050607:08090a0b:0c0d0e0f',
      name: 'nas:2',
      data: { offset: version === '1.0' ? 0 : 2048 * SECTOR, size: 4096 * SECTOR },
    });
  });
});

describe('a GUID partition table', () => {
  it('of a disk with sectors of 4096 bytes is read, and said to be one', () => {
    const unit = 4096;
    const content = fat({ type: 16, sectors: 8000 });
    const image = Buffer.alloc(64 * unit + content.length);
    const entries = Buffer.alloc(128 * 128);
    entries.set(Buffer.from('28732ac11ff8d211ba4b00a0c93ec93b', 'hex'));
    entries.fill(7, 16, 32);
    entries.writeBigUInt64LE(32n, 32);
    entries.writeBigUInt64LE(BigInt(32 + content.length / unit - 1), 40);
    entries.write('EFI', 56, 'utf16le');
    image.set(entries, 2 * unit);
    const header = image.subarray(unit, unit + 92);
    header.write('EFI PART');
    header.writeUInt32LE(92, 12);
    header.fill(9, 56, 72);
    header.writeBigUInt64LE(2n, 72);
    header.writeUInt32LE(128, 80);
    header.writeUInt32LE(128, 84);
    header.writeUInt32LE(crc32(entries), 88);
    header.writeUInt32LE(crc32(header), 16);
    image.set(content, 32 * unit);
    const disk = bufferSource(image);
    const table = readPartitions(disk)!;
    expect(table.partitions).toMatchObject([{ number: 1, type: 'EFI system', start: 256, sectors: 8000, name: 'EFI' }]);
    expect(table.problems[0]).toBe('it counts sectors of 4096 bytes: other disks than such do not start with it');
    expect(readText(partitionSource(disk, table.partitions[0]!), 'HELLO.TXT')).toBe('hello\n');
  });
});
