import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { diskToRaw, editDisk, writeFat16, bufferSource, withMbr, SECTOR } from '../../disk/index.ts';
import { temporaryFolder } from '../../disk/model.test-helper.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const MIB = 1024 * 1024;
const START = 2048;
const SECTORS = 16 * 2048 + 1;

const folder = temporaryFolder();
const at = (name: string) => join(folder.path, name);

function dsmb(...args: string[]) {
  const env = { ...process.env, NO_COLOR: '1', DSMB_STORE: at('store') };
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'disk', ...args], {
    encoding: 'utf8',
    cwd: folder.path,
    env,
  });
  return { status, stdout, stderr };
}

/** A disk with one FAT partition. */
function makeDisk(name: string, config: string): void {
  const image = Buffer.alloc(SECTORS * SECTOR);
  const fat = { sectors: SECTORS, hiddenSectors: START, volumeId: 0x1234abcd, label: 'BOOT', epoch: 1_577_836_800 };
  const files = [
    { path: 'boot/grub/grub.cfg', source: bufferSource(Buffer.from(config)) },
    { path: 'boot/zImage', source: bufferSource(Buffer.alloc(70_000, 'kernel')) },
  ];
  writeFat16({ write: (offset, bytes) => image.set(bytes, offset) }, { ...fat, files });
  const disk = editDisk({ to: at(name), size: 400 * MIB });
  const partition = { number: 1, active: true, type: 0x0e, start: START, sectors: SECTORS } as const;
  disk.write(0, withMbr(Buffer.alloc(SECTOR), { diskId: 0x1234abcd, partitions: [partition] }));
  disk.splice(bufferSource(image), START * SECTOR);
  disk.finish();
}

beforeAll(() => {
  makeDisk('one', 'set mac1=1\n');
  makeDisk('two', 'set mac1=2\n');
  diskToRaw(at('one'), at('one.raw'));
});
afterAll(() => folder[Symbol.dispose]());

test('info, of a folder and of an image', () => {
  const { stdout, status } = dsmb('info', 'one');
  expect(status).toBe(0);
  expect(stdout).toContain('size   400 MiB, 2 MiB of data');
  expect(stdout).toMatch(/p1 +2048 +16\.0 MiB +FAT 16 \(LBA\), active +fat16 "BOOT" 1234-ABCD/);
  const json = JSON.parse(dsmb('info', 'one.raw', '--json').stdout);
  expect(json).toMatchObject({
    size: 400 * MIB,
    table: { scheme: 'dos' },
    partitions: [{ fileSystem: { type: 'fat16' } }],
  });
});

test('info of an image that was cut shows what is left, and says what is not', () => {
  execFileSync('cp', ['--sparse=always', at('one.raw'), at('cut.raw')]);
  truncateSync(at('cut.raw'), 8 * MIB);
  const { stdout, status } = dsmb('info', 'cut.raw');
  expect(status).toBe(0);
  expect(stdout).toContain(`note   p1 ends at sector ${START + SECTORS}, behind the disk`);
  expect(stdout).toMatch(/p1 +2048 +16\.0 MiB +FAT 16 \(LBA\), active +the FAT file system is damaged: /);
});

test('a folder with an image in it is not a disk, and the image is named', () => {
  mkdirSync(at('out'));
  symlinkSync('../one.raw', at('out/disk.raw'));
  expect(dsmb('info', 'out').stderr).toContain('hint: its image: out/disk.raw');
});

test('ls and cat', () => {
  expect(dsmb('ls', 'one').stdout).toBe('p1:  16.0 MiB  FAT 16 (LBA)\n');
  expect(dsmb('ls', 'one', 'p1:/boot').stdout).toBe('-         grub/\n68.4 KiB  zImage\n');
  expect(dsmb('ls', 'one', 'P1:/boot').stdout).toBe('-         grub/\n68.4 KiB  zImage\n');
  expect(dsmb('ls', 'one.raw', 'p1:', '-r').stdout).toContain('11 B      boot/grub/grub.cfg\n');
  expect(dsmb('cat', 'one', 'p1:/boot/grub/grub.cfg').stdout).toBe('set mac1=1\n');
  expect(dsmb('cat', 'one', 'p1:boot/zImage').stdout).toBe(Buffer.alloc(70_000, 'kernel').toString());
});

test('ls follows a symlink to a folder, and shows all others', { tags: 'long' }, () => {
  mkdirSync(at('tree/etc/deep'), { recursive: true });
  writeFileSync(at('tree/etc/deep/file'), 'x');
  symlinkSync('etc/deep/..', at('tree/way'));
  symlinkSync('etc/deep/file', at('tree/one'));
  symlinkSync('nowhere', at('tree/none'));
  execFileSync('mke2fs', ['-q', '-t', 'ext4', '-d', at('tree'), at('ext4'), '4M']);
  expect(dsmb('ls', 'ext4', '/way').stdout).toBe('-  deep/\n');
  expect(dsmb('ls', 'ext4', '/way', '-r').stdout).toBe('-    deep/\n1 B  deep/file\n');
  expect(dsmb('ls', 'ext4', '/etc/../way/', '-r', '--json').stdout).toContain('"path": "etc/../way/deep/file"');
  expect(dsmb('ls', 'ext4', '/one', '-r').stdout).toMatch(/one -> etc\/deep\/file\n$/);
  expect(dsmb('ls', 'ext4', '/none').stdout).toMatch(/none -> nowhere\n$/);
  expect(dsmb('ls', 'ext4', '/absent', '-r')).toMatchObject({ status: 2, stderr: expect.stringContaining('/absent') });
});

test('diff tells the file, and nothing where nothing differs', () => {
  expect(dsmb('diff', 'one', 'two').stdout).toBe(
    'p1 FAT 16 (LBA): changed, 512 B in 1 range\n  ~ boot/grub/grub.cfg  11 B -> 11 B\n',
  );
  expect(dsmb('diff', 'one', 'one.raw', '--exit-code')).toMatchObject({ status: 0, stdout: 'the disks are equal\n' });
  expect(dsmb('diff', 'one.raw', 'two', '--exit-code').status).toBe(1);
});

test('export writes a sparse image, whole or not at all, and replaces nothing unasked', () => {
  expect(dsmb('export', 'one', 'out.raw').status).toBe(0);
  expect(readFileSync(at('out.raw')).equals(readFileSync(at('one.raw')))).toBe(true);
  expect(statSync(at('out.raw')).blocks * 512).toBeLessThan(3 * MIB);
  expect(dsmb('export', 'two', 'out.raw')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('out.raw already exists'),
  });
  expect(dsmb('export', 'two', 'out.raw', '--force').status).toBe(0);
  expect(dsmb('diff', 'two', 'out.raw').stdout).toBe('the disks are equal\n');
  mkdirSync(at('mine'));
  writeFileSync(at('mine/precious'), '');
  expect(dsmb('export', 'two', 'mine', '--force').status).toBe(2);
  expect(dsmb('export', 'two', 'mine', '--force', '--format', 'folder').status).toBe(2);
  writeFileSync(at('mine/disk.json'), '{}');
  expect(dsmb('export', 'two', 'mine', '--force', '--format', 'folder').status).toBe(2);
  expect(existsSync(at('mine/precious'))).toBe(true);
  expect(dsmb('export', 'one', 'parts', '--format', 'folder').status).toBe(0);
  writeFileSync(at('parts/precious'), '');
  expect(dsmb('export', 'two', 'parts', '--force', '--format', 'folder').status).toBe(2);
  rmSync(at('parts/precious'));
  expect(dsmb('export', 'two', 'parts', '--force', '--format', 'folder').status).toBe(0);
  expect(readdirSync(folder.path).filter((name) => name.endsWith('.part'))).toEqual([]);
});

test('an exported folder can be verified, and its damage is named', () => {
  expect(dsmb('export', 'one.raw', 'copy', '--format', 'folder').status).toBe(0);
  const { stdout } = dsmb('info', '--verify', 'copy', '--json');
  const { digest, against } = JSON.parse(stdout).verification;
  expect(against).toBe('SHA256SUMS');
  expect(dsmb('info', '--verify', 'one', '--digest', digest).status).toBe(0);
  expect(dsmb('info', '--verify', 'two', '--digest', digest).stderr).toContain('two is not the disk that you expect');
  rmSync(at('copy/blocks/0000/01'));
  expect(dsmb('info', '--verify', 'copy')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('blocks/0000/01 is missing'),
  });
});

test('a result that could not be written is not a success', () => {
  const full = openSync('/dev/full', 'w');
  const { status, stderr } = spawnSync(process.execPath, [MAIN, 'disk', 'info', 'one'], {
    encoding: 'utf8',
    cwd: folder.path,
    stdio: ['ignore', full, 'pipe'],
  });
  closeSync(full);
  expect(stderr).toContain('error ENOSPC standard output cannot be written');
  expect(status).toBe(4);
});

test('a pipe is not waited for, whatever it stands for', () => {
  const pipe = (path: string) => (rmSync(at(path), { force: true }), execFileSync('mkfifo', [at(path)]));
  pipe('pipe');
  expect(dsmb('info', 'pipe').stderr).toContain('pipe is neither a file nor a folder nor a block device');
  dsmb('export', 'one', 'pipes', '--format', 'folder');
  pipe('pipes/SHA256SUMS');
  expect(dsmb('info', '--verify', 'pipes').stderr).toMatch(/SHA256SUMS is not a file/);
  pipe('pipes/blocks/0000/01');
  expect(dsmb('diff', 'pipes', 'two').stderr).toMatch(/blocks\/0000\/01 is not a file/);
});

test('a list of checksums that is larger than can be is damage', { tags: 'long' }, () => {
  dsmb('export', 'one', 'listed', '--format', 'folder');
  truncateSync(at('listed/SHA256SUMS'), 5 * 2 ** 30);
  expect(dsmb('info', '--verify', 'listed')).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/DISK_DAMAGED .*SHA256SUMS has 5368709120 bytes/),
  });
});

test.each<[string[], RegExp]>([
  [['info', 'none'], /there is no file or folder 'none'/],
  [['info', 'one', '--digest', 'xyz'], /dsmb disk info --verify --digest xyz one/],
  [['ls', 'one', 'p7:/'], /there is no partition 7: the disk has 1 partition/],
  [['ls', 'one', '/boot'], /write p1:\/boot/],
])('%j is refused', isRefused);
test.each<[string[], RegExp]>([
  [['info', '/dev/zero'], /\/dev\/zero is neither a file nor a folder nor a block device/],
  [['info', '--verify', 'one', '--digest', 'xyz'], /'xyz' is not a digest/],
  [['info', `${'0'.repeat(64)}/9999999999999999999`], /is not a digest/],
  [['cat', 'one', 'p1:'], /there is no file \/ in/],
  [['export', 'one', ''], /needs a disk and a path/],
  [['info', 'store'], /holds no disk/],
  [['cat', 'one', 'p1:/nope'], /there is no file \/nope/],
  [['inf'], /did you mean dsmb disk info/],
  [[], /dsmb disk --help/],
])('%j is refused', { tags: 'long' }, isRefused);

function isRefused(args: string[], message: RegExp): void {
  mkdirSync(at('store'), { recursive: true });
  const { status, stderr } = dsmb(...args);
  expect(status).toBe(2);
  expect(stderr).toMatch(message);
}
