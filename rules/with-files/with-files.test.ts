/** Files laid into file systems of others, checked by e2fsck and mtools, and read back. */
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  openSync,
  writeSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  compareDisks,
  diskToRaw,
  fileSystemSource,
  openDisk,
  openFileSystem,
  partitionSource,
  rawToDisk,
  readPartitions,
} from 'dsmb/disk';
import { runStepHere } from 'dsmb/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LateArgs } from './wanted.ts';
import step from './with-files.step.ts';

const MIB = 2 ** 20;
const START = 1 * MIB;
const SIZE = 64 * MIB;

const root = mkdtempSync(join(tmpdir(), 'dsmb-late-'));
afterAll(() => rmSync(root, { recursive: true }));
let round = 0;
const place = (): string => join(root, `${round++}`);
const run = (program: string, ...args: string[]): string =>
  execFileSync(program, args, { encoding: 'utf8', stdio: 'pipe' });

/** A disk with one partition that `make` fills, given the raw file and where the partition begins. */
function diskWith(make: (raw: string) => void): string {
  const raw = place();
  writeFileSync(raw, '');
  truncateSync(raw, START + SIZE + MIB);
  execFileSync('sfdisk', ['-q', raw], { input: `label: dos\nstart=${START / 512},size=${SIZE / 512},type=83\n` });
  make(raw);
  const disk = place();
  rawToDisk(raw, disk);
  return disk;
}

/** Content of a system: files, a full folder, something large. */
function tree(): string {
  const folder = place();
  mkdirSync(join(folder, 'etc/old/deep'), { recursive: true });
  mkdirSync(join(folder, 'usr/bin'), { recursive: true });
  symlinkSync('usr/bin', join(folder, 'bin'));
  writeFileSync(join(folder, 'etc/motd'), 'before\n');
  writeFileSync(join(folder, 'etc/old/deep/file'), 'old');
  writeFileSync(join(folder, 'etc/old/file'), 'old');
  mkdirSync(join(folder, 'many'));
  for (let index = 0; index < 800; index++)
    writeFileSync(join(folder, 'many', `a file with a long name ${index}`), `${index}`);
  writeFileSync(join(folder, 'large'), randomBytes(20 * MIB));
  return folder;
}

const extDisk = (...options: string[]): string =>
  diskWith((raw) => run('mke2fs', '-q', '-d', tree(), ...options, '-E', `offset=${START}`, raw, `${SIZE / 1024}k`));

interface Given extends Partial<LateArgs> {
  readonly partition?: number;
  readonly files?: string;
  /** As the engine gives it: the disk as one file. */
  readonly raw?: string;
}

async function withFiles(disk: string, { files, raw, partition = 1, ...args }: Given): Promise<string> {
  const to = place();
  const scratch = place();
  mkdirSync(scratch);
  await runStepHere(step, {
    args: { partition, texts: {}, links: {}, modes: {}, owners: {}, remove: [], ...args },
    inputs: { disk, ...(files === undefined ? {} : { files }) },
    outputs: { disk: to },
    scratch,
    ...(raw === undefined ? {} : { assembled: () => raw }),
  });
  return to;
}

const volume = (disk: string) => {
  const reader = openDisk(disk);
  return fileSystemSource(partitionSource(reader, readPartitions(reader)!.partitions[0]!));
};
const filesOf = (disk: string) => openFileSystem(volume(disk), 'it');
const text = (disk: string, path: string): string => {
  const content = filesOf(disk).file(path);
  return content.read(0, content.size).toString();
};

/** e2fsck is silent, and all that was not meant is as it was. */
function expectSound(disk: string): void {
  const raw = place();
  diskToRaw(disk, raw);
  const image = place();
  writeFileSync(image, readFileSync(raw).subarray(START, START + SIZE));
  run('e2fsck', '-f', '-n', image);
}

const LATE: Given = {
  texts: { '/etc/motd': 'after\n', 'etc/new/deep/hostname': 'nas\n', '/quote " and space': 'x' },
  links: { '/etc/localtime': '/usr/share/zoneinfo/UTC' },
  modes: { '/etc/motd': '600', '/large': '400' },
  owners: { '/etc/new': '1000:100000', '/etc/motd': '70000:5' },
  remove: ['/etc/old/deep', '/etc/old', '/etc/old', '/not/there'],
};

type Variant = [what: string, options: string[]];
const ALWAYS: Variant[] = [['ext4', ['-t', 'ext4']]];
const SOMETIMES: Variant[] = [
  ['ext4 with small blocks', ['-t', 'ext4', '-b', '1024', '-I', '128', '-O', '^metadata_csum']],
  ['ext3', ['-t', 'ext3']],
  ['ext2', ['-t', 'ext2', '-b', '1024']],
];
describe.each(ALWAYS)('%s', (...variant) => {
  takesFiles(...variant);
});
describe.each(SOMETIMES)('%s', { tags: 'long' }, (...variant) => {
  takesFiles(...variant);
});

function takesFiles(...[, options]: Variant): void {
  let before = '';
  let after = '';
  beforeAll(async () => {
    before = extDisk(...options);
    after = await withFiles(before, LATE);
  });

  it('has what was laid, and not what was taken away', () => {
    const files = filesOf(after);
    expect(text(after, '/etc/motd')).toBe('after\n');
    expect(text(after, '/etc/new/deep/hostname')).toBe('nas\n');
    expect(text(after, '/quote " and space')).toBe('x');
    expect(files.find('/etc/localtime')).toMatchObject({ type: 'symlink', target: '/usr/share/zoneinfo/UTC' });
    expect(files.find('/etc/motd')?.properties).toMatchObject({ mode: '600', owner: '70000:5' });
    expect(files.find('/etc/new')?.properties).toMatchObject({ mode: '755', owner: '1000:100000' });
    expect(files.find('/large')?.properties).toMatchObject({ mode: '400' });
    expect(files.find('/etc/old')).toBeUndefined();
  });

  it('is sound, and all else is as it was', () => {
    expectSound(after);
    const { regions } = compareDisks(openDisk(before), openDisk(after));
    const changed = new Set(regions.flatMap(({ files }) => files ?? []).map(({ path }) => path));
    for (const path of ['etc/motd', 'etc/new/deep/hostname', 'etc/localtime', 'large']) expect(changed).toContain(path);
    expect([...changed].filter((path) => !/^(etc|large|quote " and space)(\/|$)/.test(path))).toEqual([]);
    const digest = (disk: string): string => {
      const content = filesOf(disk).file('/large');
      return createHash('sha256').update(content.read(0, content.size)).digest('hex');
    };
    expect(digest(after)).toBe(digest(before));
  });

  it('has the same bits the next time, from the raw file, too', async () => {
    const raw = place();
    diskToRaw(before, raw);
    for (const again of [await withFiles(before, LATE), await withFiles(before, { ...LATE, raw })])
      expect(compareDisks(openDisk(after), openDisk(again)).regions).toEqual([]);
  });
}

describe('files', () => {
  let disk = '';
  let raw = '';
  beforeAll(() => {
    disk = extDisk('-t', 'ext4', '-b', '4096');
    raw = place();
    diskToRaw(disk, raw);
  });

  it('come from a folder, with their programs and links', async () => {
    const files = place();
    mkdirSync(join(files, 'usr/bin'), { recursive: true });
    writeFileSync(join(files, 'usr/bin/tool'), '#!/bin/sh\n', { mode: 0o755 });
    symlinkSync('tool', join(files, 'usr/bin/link'));
    mkdirSync(join(files, 'empty'));
    const after = filesOf(await withFiles(disk, { files, raw }));
    expect(after.find('/usr/bin/tool')?.properties).toMatchObject({ mode: '755', owner: '0:0' });
    expect(after.find('/usr/bin/link')).toMatchObject({ type: 'symlink', target: 'tool' });
    expect(after.find('/empty')?.type).toBe('directory');
  });

  it('cost the blocks that they change: no more than three of a MiB for one file', async () => {
    const after = await withFiles(disk, { texts: { '/etc/motd': 'another\n' }, raw });
    const before = openDisk(disk);
    const changed = [...openDisk(after).blocks()].filter((index) => {
      const [one, other] = [Buffer.alloc(MIB), Buffer.alloc(MIB)];
      before.readBlock(index, one);
      openDisk(after).readBlock(index, other);
      return !one.equals(other);
    });
    expect(changed.length).toBeGreaterThan(0);
    expect(changed.length).toBeLessThanOrEqual(3);
  });

  it('of zeros are zeros, whatever lay in their blocks before', async () => {
    const emptied = await withFiles(disk, { remove: ['/large'], raw });
    const zeros = place();
    mkdirSync(zeros);
    writeFileSync(join(zeros, 'zeros'), Buffer.alloc(20 * MIB));
    const emptiedRaw = place();
    diskToRaw(emptied, emptiedRaw);
    const after = filesOf(await withFiles(emptied, { files: zeros, raw: emptiedRaw })).file('/zeros');
    expect(after.read(0, after.size).equals(Buffer.alloc(20 * MIB))).toBe(true);
  });

  it.each<[string, Given, RegExp]>([
    ['another partition', { partition: 3, texts: { '/x': '' } }, /no partition 3/],
    ['a path that leads out', { texts: { '/../x': '' } }, /no path of a file/],
    ['a name of two lines', { texts: { 'a\nb': '' } }, /control character/],
    ['a mode that is none', { modes: { '/etc/motd': 'rw' } }, /the mode of \/etc\/motd/],
    ['an owner that is none', { owners: { '/etc/motd': 'root' } }, /the owner of \/etc\/motd/],
    ['the mode of nothing', { modes: { '/etc/nothing': '600' } }, /there is no \/etc\/nothing/],
    ['a file in place of a folder', { texts: { '/etc': '' } }, /\/etc is a directory there/],
    ['a file below a link that is laid', { links: { '/x': 'y' }, texts: { '/x/z': '' } }, /\/x is to be a symlink/],
    ['a file below a link', { texts: { '/bin/tool': '' } }, /\/bin is a symlink there/],
  ])('that cannot be are told so: %s', async (_what, given, message) => {
    await expect(withFiles(disk, { ...given, raw })).rejects.toMatchObject({
      diagnostic: { code: 'DISK_CHANGE', message: expect.stringMatching(message) as string },
    });
  });

  it('without room are told how much there is', async () => {
    const files = place();
    mkdirSync(files);
    writeFileSync(join(files, 'huge'), randomBytes(60 * MIB));
    await expect(withFiles(disk, { files, raw })).rejects.toMatchObject({
      diagnostic: {
        code: 'FILE_SYSTEM_FULL',
        message: expect.stringMatching(/62914560 bytes .* \d+ are free/) as string,
      },
    });
  });
});

/** The superblock of a RAID 1 with some members (Linux, `md_p.h`, version 1.2); the data begin a MiB behind the partition. */
function mirrorSuperblock(dataSectors: number, members = 1): Buffer {
  const block = Buffer.alloc(512);
  block.writeUInt32LE(0xa92b4efc, 0);
  block.writeUInt32LE(1, 4);
  block.writeInt32LE(1, 72);
  block.writeBigUInt64LE(BigInt(dataSectors), 80);
  block.writeUInt32LE(members, 92);
  block.writeBigUInt64LE(2048n, 128);
  block.writeBigUInt64LE(BigInt(dataSectors), 136);
  block.writeBigUInt64LE(8n, 144);
  block.writeUInt32LE(2, 220);
  block.writeUInt16LE(members > 1 ? 1 : 0xffff, 258);
  const words = Array.from({ length: 65 }, (_, index) => BigInt(block.readUInt32LE(4 * index)));
  const total = words.reduce((sum, word) => sum + word, 0n);
  block.writeUInt32LE(Number(((total & 0xffff_ffffn) + (total >> 32n)) & 0xffff_ffffn), 216);
  return block;
}

/** A disk with a member of a mirror. */
function mirrored(members: number): string {
  return diskWith((raw) => {
    run('mke2fs', '-q', '-t', 'ext4', '-d', tree(), '-E', `offset=${START + MIB}`, raw, `${SIZE / 1024 - 1024}k`);
    const file = openSync(raw, 'r+');
    writeSync(file, mirrorSuperblock(SIZE / 512 - 2048, members), 0, 512, START + 4096);
    closeSync(file);
  });
}

it('go into no member of an array that has others, which would differ from it', async () => {
  await expect(withFiles(mirrored(2), LATE)).rejects.toMatchObject({
    diagnostic: { code: 'DISK_CHANGE', message: expect.stringContaining('is one of 2 members of an array') as string },
  });
});

it('go through a mirrored array into its file system', async () => {
  const disk = mirrored(1);
  const raw = place();
  diskToRaw(disk, raw);
  const after = await withFiles(disk, { ...LATE, raw });
  expect(volume(after).origin).toBe(START + MIB);
  expect(text(after, '/etc/motd')).toBe('after\n');
  expect(compareDisks(openDisk(after), openDisk(await withFiles(disk, LATE))).regions).toEqual([]);
});

describe('a FAT', () => {
  let disk = '';
  beforeAll(() => {
    disk = diskWith((raw) => {
      run('mformat', '-i', `${raw}@@${START}`, '-T', `${SIZE / 512}`, '-h', '16', '-s', '63', '-N', '12345678', '::');
      run('mmd', '-i', `${raw}@@${START}`, '::/boot');
      const old = place();
      writeFileSync(old, 'old');
      run('mcopy', '-i', `${raw}@@${START}`, old, '::/boot/old.cfg');
    });
  });
  const late: Given = { texts: { '/boot/grub.cfg': 'set\n', '/new/Folder Name/x': 'y' }, remove: ['/boot/old.cfg'] };

  it('takes files and folders, the same bits each time', async () => {
    const after = await withFiles(disk, late);
    expect(text(after, '/boot/grub.cfg')).toBe('set\n');
    expect(text(after, '/new/Folder Name/x')).toBe('y');
    expect(filesOf(after).find('/boot/old.cfg')).toBeUndefined();
    expect(compareDisks(openDisk(after), openDisk(await withFiles(disk, late))).regions).toEqual([]);
  });

  it('has no links, owners and modes', async () => {
    await expect(withFiles(disk, { links: { '/x': 'y' } })).rejects.toMatchObject({
      diagnostic: { code: 'DISK_CHANGE' },
    });
    await expect(withFiles(disk, { modes: { '/boot/old.cfg': '600' } })).rejects.toMatchObject({
      diagnostic: { code: 'DISK_CHANGE' },
    });
  });
});
