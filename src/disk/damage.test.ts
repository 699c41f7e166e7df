import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { formatChecksums, parseChecksums } from './checksums.ts';
import { inspectDisk } from './damage.ts';
import { editDisk } from './editor.ts';
import { BLOCK_SIZE, CHECKSUMS } from './format.ts';
import { openDisk } from './reader.ts';
import { filesOf, temporaryFolder } from './model.test-helper.ts';

const MIB = BLOCK_SIZE;

/** A disk of 300 MiB with four blocks and its checksums. */
function makeDisk(to: string): string {
  const disk = editDisk({ to, size: 300 * MIB });
  for (const index of [0, 1, 7, 299]) disk.write(index * MIB + 100, Buffer.from(`block ${index}`));
  disk.finish();
  writeFileSync(join(to, CHECKSUMS), formatChecksums(filesOf(to)));
  return to;
}

function damageOf(disk: string): string[] {
  const expected = parseChecksums(readFileSync(join(disk, CHECKSUMS), 'utf8'));
  return inspectDisk(disk, { expected }).damage.map(({ path, problem }) => `${path} ${problem}`);
}

test('a sound disk has no damage, and sha256sum agrees', () => {
  using folder = temporaryFolder();
  const disk = makeDisk(join(folder.path, 'disk'));
  expect(damageOf(disk)).toEqual([]);
  expect(execFileSync('sha256sum', ['--check', '--quiet', CHECKSUMS], { cwd: disk, encoding: 'utf8' })).toBe('');
});

function replace(path: string, make: (path: string) => void): void {
  rmSync(path, { recursive: true });
  make(path);
}

const flip = (path: string) => (disk: string) => {
  const bytes = readFileSync(join(disk, path));
  bytes[100]! ^= 0x10;
  writeFileSync(join(disk, path), bytes);
};

test.each<[string, (disk: string) => void, string[]]>([
  ['a missing block', (disk) => rmSync(join(disk, 'blocks/0000/01')), ['blocks/0000/01 is missing']],
  ['a missing group', (disk) => rmSync(join(disk, 'blocks/0001'), { recursive: true }), ['blocks/0001/2b is missing']],
  ['a flipped bit', flip('blocks/0000/07'), ['blocks/0000/07 holds other bytes than it should']],
  [
    'a short block',
    (disk) => truncateSync(join(disk, 'blocks/0000/00'), 9),
    ['blocks/0000/00 has 9 bytes instead of 1048576'],
  ],
  [
    'a long block',
    (disk) => truncateSync(join(disk, 'blocks/0000/00'), 2 * MIB),
    ['blocks/0000/00 has 2097152 bytes instead of 1048576'],
  ],
  [
    'a block of zeros',
    (disk) => writeFileSync(join(disk, 'blocks/0000/02'), Buffer.alloc(MIB)),
    ['blocks/0000/02 is all zero: such a block must be absent'],
  ],
  [
    'a block of another disk',
    (disk) => writeFileSync(join(disk, 'blocks/0000/02'), Buffer.alloc(MIB, 1)),
    ['blocks/0000/02 is not listed: it does not belong to this disk'],
  ],
  [
    'a block behind the end',
    (disk) => writeFileSync(join(disk, 'blocks/0001/2c'), 'x'),
    ['blocks/0001/2c is no part of a disk of this size'],
  ],
  ['an alien file', (disk) => writeFileSync(join(disk, 'blocks/notes'), ''), ['blocks/notes is no part of a disk']],
  [
    'an empty folder',
    (disk) => mkdirSync(join(disk, 'blocks/0005')),
    ['blocks/0005/ is an empty folder, which a disk does not have'],
  ],
  [
    'an executable block',
    (disk) => chmodSync(join(disk, 'blocks/0000/07'), 0o755),
    ['blocks/0000/07 is executable, which no file of a disk is'],
  ],
  [
    'an executable manifest',
    (disk) => chmodSync(join(disk, 'disk.json'), 0o555),
    ['disk.json is executable, which no file of a disk is'],
  ],
  ['a link', (disk) => symlinkSync('00', join(disk, 'blocks/0000/03')), ['blocks/0000/03 is not a file']],
  [
    'a cut manifest',
    (disk) => truncateSync(join(disk, 'disk.json'), 30),
    ['disk.json is not the manifest of a dsmb-disk/1 disk'],
  ],
  [
    'a manifest of 4 GiB',
    (disk) => truncateSync(join(disk, 'disk.json'), 2 ** 32),
    ['disk.json is not the manifest of a dsmb-disk/1 disk'],
  ],
  [
    'a pipe for a manifest',
    (disk) => replace(join(disk, 'disk.json'), (path) => execFileSync('mkfifo', [path])),
    ['disk.json is not a file'],
  ],
  ['no manifest', (disk) => rmSync(join(disk, 'disk.json')), ['disk.json is missing: this folder holds no disk']],
  [
    'another size',
    (disk) =>
      writeFileSync(
        join(disk, 'disk.json'),
        readFileSync(join(disk, 'disk.json'), 'utf8').replace('314572800', '414572800'),
      ),
    ['disk.json holds other bytes than it should'],
  ],
])('%s is found and named', (_what, damage, expected) => {
  using folder = temporaryFolder();
  const disk = makeDisk(join(folder.path, 'disk'));
  damage(disk);
  expect(damageOf(disk)).toEqual(expected);
});

/** The system gives nothing of what is a link to itself: also to root, whom no mode keeps out. */
const lock = (path: string) => (disk: string) => replace(join(disk, path), (link) => symlinkSync(link, link));

test.each([
  ['a manifest', 'disk.json', 1],
  ['a group', 'blocks/0001', 300 * MIB],
  ['a block', 'blocks/0000/07', 8 * MIB],
])('%s that cannot be read is not called missing', (_what, path, length) => {
  using folder = temporaryFolder();
  const disk = makeDisk(join(folder.path, 'disk'));
  lock(path)(disk);
  const cause = `${path} cannot be read: ELOOP`;
  expect(() => openDisk(disk).read(0, length)).toThrow(`${disk}/${cause}`);
  const { damage } = inspectDisk(disk, { followLinks: true });
  expect(damage.map((one) => `${one.path} ${one.problem}`).join('\n')).toContain(cause);
});

/** Moves something aside and puts a link to it into its place. */
const link = (path: string) => (disk: string) => {
  renameSync(join(disk, path), join(disk, '..', 'aside'));
  symlinkSync(join(disk, '..', 'aside'), join(disk, path));
};

test.each(['disk.json', 'blocks', 'blocks/0001', 'blocks/0000/07'])(
  '%s as a link is followed only for steps',
  (path) => {
    using folder = temporaryFolder();
    const disk = makeDisk(join(folder.path, 'disk'));
    const whole = openDisk(disk).read(0, 300 * MIB);
    link(path)(disk);
    expect(
      openDisk(disk)
        .read(0, 300 * MIB)
        .equals(whole),
    ).toBe(true);
    const message = `${disk}/${path} is a symlink, and a disk has none`;
    expect(() => openDisk(disk, { links: 'refused' }).read(0, 300 * MIB)).toThrow(message);
  },
);

test('a pipe in the place of a block is not waited for', () => {
  using folder = temporaryFolder();
  const disk = makeDisk(join(folder.path, 'disk'));
  replace(join(disk, 'blocks/0000/07'), (path) => execFileSync('mkfifo', [path]));
  expect(() => openDisk(disk).read(0, 8 * MIB)).toThrow('blocks/0000/07 is not a file');
});

test('all damage is named, not only the first', () => {
  using folder = temporaryFolder();
  const disk = makeDisk(join(folder.path, 'disk'));
  flip('blocks/0000/00')(disk);
  flip('blocks/0000/01')(disk);
  rmSync(join(disk, 'blocks/0000/07'));
  expect(
    damageOf(disk)
      .map((line) => line.slice(0, 14))
      .sort(),
  ).toEqual(['blocks/0000/00', 'blocks/0000/01', 'blocks/0000/07']);
});

test('a list of checksums that was cut anywhere is refused', () => {
  using folder = temporaryFolder();
  const text = readFileSync(join(makeDisk(join(folder.path, 'disk')), CHECKSUMS), 'utf8');
  expect(parseChecksums(text).size).toBe(5);
  for (let length = 0; length < text.length; length++)
    expect(() => parseChecksums(text.slice(0, length))).toThrow(/SHA256SUMS is (cut|damaged)/);
});

test('the checksums are what was read', () => {
  using folder = temporaryFolder();
  const disk = makeDisk(join(folder.path, 'disk'));
  const hash = createHash('sha256')
    .update(readFileSync(join(disk, 'blocks/0000/00')))
    .digest('hex');
  expect(inspectDisk(disk).checksums.get('blocks/0000/00')).toBe(hash);
});
