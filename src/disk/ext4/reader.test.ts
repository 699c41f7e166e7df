import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { closeSync, linkSync, lstatSync, mkdirSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { readlinkSync, symlinkSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { examples } from '../../../test/rig/campaign.ts';
import { Failure } from '../../model/diagnostic.ts';
import { temporaryFolder } from '../model.test-helper.ts';
import { bufferSource, fileSource, type ByteSource } from '../source.ts';
import { openExt, type ExtVolume } from './reader.ts';

const NUMBERS = Array.from({ length: 200_000 }, (_, index) => `${index + 1}\n`).join('');

/** A tree with all that can be hard: sizes at limits, holes, long and short links, a folder with an index. */
function fill(folder: string, big: number): void {
  const at = (...names: string[]) => join(folder, ...names);
  mkdirSync(at('etc/deep/er'), { recursive: true });
  mkdirSync(at('many'));
  mkdirSync(at('empty'));
  writeFileSync(at('etc/VERSION'), 'majorversion="6"\n');
  writeFileSync(at('etc/none'), '');
  for (const size of [59, 60, 61, 100, 150]) writeFileSync(at(`etc/size${size}`), 'x'.repeat(size));
  writeFileSync(at('etc/deep/er/numbers'), NUMBERS);
  writeFileSync(at('größe ☃'), 'unicode');
  linkSync(at('etc/VERSION'), at('same'));
  symlinkSync('etc/VERSION', at('short'));
  symlinkSync('/etc/deep/../deep/er/', at('long'));
  symlinkSync(`etc/${'deep/../'.repeat(20)}VERSION`, at('etc-long'));
  symlinkSync('../../etc/VERSION', at('etc/deep/up'));
  symlinkSync('loop', at('loop'));
  for (let number = 0; number < 1500; number++)
    writeFileSync(at('many', `a file with a longer name ${number}`), String(number));
  const file = openSync(at('sparse'), 'w');
  writeSync(file, 'start', 0);
  writeSync(file, 'end', big);
  closeSync(file);
}

/** Name, MiB up to the end of the sparse file, options of mke2fs. */
const VARIANTS = [
  ['ext4', 5, ['-t', 'ext4', '-b', '4096']],
  ['ext4 with inline data', 5, ['-t', 'ext4', '-b', '1024', '-I', '256', '-O', 'inline_data,64bit,metadata_csum']],
  ['ext4 without 64 bits', 5, ['-t', 'ext4', '-O', '^64bit,^metadata_csum,^flex_bg', '-I', '128']],
  ['ext3', 5, ['-t', 'ext3', '-b', '2048']],
  ['ext2 with triple indirect blocks', 70, ['-t', 'ext2', '-b', '1024']],
  ['ext2 of old', 5, ['-t', 'ext2', '-b', '1024', '-r', '0']],
  ['ext4 with groups of groups', 5, ['-t', 'ext4', '-b', '1024', '-g', '512', '-O', 'meta_bg,^resize_inode']],
  [
    'ext4 with groups of groups and two superblocks',
    5,
    ['-t', 'ext4', '-b', '1024', '-g', '512', '-O', 'meta_bg,^resize_inode,sparse_super2'],
  ],
  [
    'ext2 with groups of groups and superblocks everywhere',
    5,
    ['-t', 'ext2', '-b', '1024', '-g', '512', '-O', 'meta_bg,^resize_inode,^sparse_super'],
  ],
] as const;

/** These have each way in which a file is laid out; the others differ in their groups. */
const ALWAYS: readonly string[] = ['ext4', 'ext4 with inline data', 'ext2 with triple indirect blocks'];
const SOMETIMES = VARIANTS.filter(([name]) => !ALWAYS.includes(name));

describe.each(VARIANTS.filter(([name]) => ALWAYS.includes(name)))('%s', (_name, big, options) => {
  reads(big, options);
});

describe.each(SOMETIMES)('%s', { tags: 'long' }, (_name, big, options) => {
  reads(big, options);
});

function reads(big: number, options: readonly string[]): void {
  let folder: ReturnType<typeof temporaryFolder>;
  let source: string;
  let image: ReturnType<typeof fileSource>;
  let volume: ExtVolume;

  beforeAll(() => {
    folder = temporaryFolder();
    source = join(folder.path, 'source');
    mkdirSync(source);
    fill(source, big * 1024 * 1024);
    const file = join(folder.path, 'image');
    execFileSync('mke2fs', ['-q', ...options, '-L', 'a label', '-d', source, file, `${big + 20}M`]);
    // Makes the indexes of large folders, which mke2fs leaves out; 1 says that it did something.
    expect(statusOf('e2fsck', ['-fyD', file])).toBeLessThan(2);
    image = fileSource(file);
    volume = openExt(image);
  });
  afterAll(() => {
    image.close();
    folder[Symbol.dispose]();
  });

  test('every file, folder and symlink is as it was put in', () => {
    const found = new Map(
      [...volume.walk()].filter(({ path }) => path !== 'lost+found').map((entry) => [entry.path, entry]),
    );
    expect([...found.keys()].sort()).toEqual(pathsBelow(source).sort());
    for (const [path, { type, size, target }] of found) {
      const stats = lstatSync(join(source, path));
      expect(type).toBe(stats.isDirectory() ? 'directory' : stats.isSymbolicLink() ? 'symlink' : 'file');
      if (type !== 'directory') expect(size).toBe(stats.size);
      if (type === 'symlink') expect(target).toBe(readlinkSync(join(source, path)));
      else if (type === 'file')
        expect(contentOf(volume.file(path)).equals(readFileSync(join(source, path)))).toBe(true);
    }
  });

  test('any range of a file with holes', () => {
    const expected = readFileSync(join(source, 'sparse'));
    const file = volume.file('sparse');
    fc.assert(
      fc.property(fc.nat(expected.length), fc.nat(100_000), (offset, length) => {
        const part = Math.min(length, expected.length - offset);
        expect(file.read(offset, part).equals(expected.subarray(offset, offset + part))).toBe(true);
      }),
    );
  });

  test('paths lead through symlinks, and never out of the file system', () => {
    const text = (path: string) => contentOf(volume.file(path)).toString();
    expect(['same', 'short', 'etc-long', 'etc/deep/up', '../../etc/VERSION', '/long/../../VERSION'].map(text)).toEqual(
      Array.from({ length: 6 }, () => 'majorversion="6"\n'),
    );
    expect(text('long/numbers')).toBe(NUMBERS);
    expect(volume.find('short')).toMatchObject({ type: 'symlink', target: 'etc/VERSION' });
    expect(volume.find('etc/VERSION/x')).toBeUndefined();
    expect(() => volume.file('loop')).toThrow(/more than 40 symlinks/);
    expect(() => volume.file('etc')).toThrow(/there is no file etc/);
    expect(() => volume.list('nothing')).toThrow(/there is no folder nothing/);
    expect(volume.list('many').length).toBe(1500);
    expect(volume.list('/').map(({ name }) => name)).toContain('größe ☃');
  });

  test('the superblock', () => {
    expect(volume.geometry).toMatchObject({ label: 'a label', needsRecovery: false });
    expect(volume.geometry.uuid).toMatch(/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/);
  });
}

test('a feature that cannot be read is named', () => {
  using folder = temporaryFolder();
  const file = join(folder.path, 'image');
  execFileSync('mke2fs', ['-q', '-t', 'ext4', '-O', 'encrypt', file, '8M']);
  expect(() => openExt(bufferSource(readFileSync(file)))).toThrow(/features that cannot be read: encrypt$/);
});

test('a folder that has one block many times is damaged', () => {
  using folder = temporaryFolder();
  const file = join(folder.path, 'repeated.img');
  execFileSync('mke2fs', ['-q', '-t', 'ext2', '-b', '1024', file, '4M']);
  const debug = (request: string) => execFileSync('debugfs', ['-w', '-R', request, file], { encoding: 'utf8' });
  const block = /^\d+$/m.exec(debug('bmap / 0'))?.[0] ?? '';
  debug(`set_inode_field / block[1] ${block}`);
  debug('set_inode_field / size 2048');
  expect(() => openExt(bufferSource(readFileSync(file))).list('/')).toThrow('a block twice');
});

test('damage is a failure that says so, and never a crash or a walk without end', () => {
  using folder = temporaryFolder();
  const source = join(folder.path, 'source');
  mkdirSync(join(source, 'a/b/c'), { recursive: true });
  writeFileSync(join(source, 'a/b/file'), NUMBERS.slice(0, 50_000));
  symlinkSync('/a/b/../b/file', join(source, 'a/link'));
  const images = [
    ['-t', 'ext4', '-O', 'inline_data'],
    ['-t', 'ext2'],
  ].map((options, index) => {
    const file = join(folder.path, `image${index}`);
    execFileSync('mke2fs', ['-q', '-b', '1024', '-N', '32', ...options, '-d', source, file, '2M']);
    return readFileSync(file);
  });
  // Metadata lies in what is not zero.
  const used = images.map((bytes) => [...bytes.keys()].filter((at) => bytes[at] !== 0 && at < 300_000));
  const change = fc.tuple(fc.nat(), fc.constantFrom(0, 1, 2, 0x0a, 0x7f, 0x80, 0xff));
  fc.assert(
    fc.property(fc.nat(1), fc.array(change, { minLength: 1, maxLength: 6 }), (which, changes) => {
      const bytes = Buffer.from(images[which]!);
      for (const [place, value] of changes) bytes[used[which]![place % used[which]!.length]!] = value;
      readAll(bytes);
    }),
    { numRuns: examples(400) },
  );
});

function readAll(bytes: Buffer): void {
  try {
    const volume = openExt(bufferSource(bytes));
    for (const { path, type } of volume.walk()) {
      if (type !== 'file') continue;
      const file = volume.file(path);
      file.read(0, Math.min(file.size, 1024 * 1024));
    }
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
  }
}

function contentOf(file: ByteSource): Buffer {
  return file.read(0, file.size);
}

function pathsBelow(folder: string, below = ''): string[] {
  return readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) => {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    return entry.isDirectory() ? [path, ...pathsBelow(folder, path)] : [path];
  });
}

function statusOf(program: string, args: readonly string[]): number {
  try {
    execFileSync(program, args, { stdio: 'pipe' });
    return 0;
  } catch (error) {
    return (error as { status: number }).status;
  }
}

test('a folder of more entries than are kept in memory is refused by name', () => {
  using folder = temporaryFolder();
  const [image, source] = [join(folder.path, 'image'), join(folder.path, 'source')];
  mkdirSync(source);
  // 341 entries of 12 bytes fill a block; the last one takes what is left.
  const block = Buffer.alloc(4096);
  for (let at = 0; at + 12 <= block.length; at += 12) {
    block.writeUInt32LE(12, at);
    block.writeUInt16LE(at + 24 > block.length ? block.length - at : 12, at + 4);
    block.write('\u0001\u0001x', at + 6, 'latin1');
  }
  writeFileSync(join(source, 'many'), Buffer.concat(Array.from({ length: 6200 }, () => block)));
  execFileSync('mke2fs', ['-q', '-t', 'ext4', '-b', '4096', '-d', source, image, '64M'], { stdio: 'ignore' });
  execFileSync('debugfs', ['-w', '-R', 'set_inode_field many mode 040755', image], { stdio: 'ignore' });
  using file = fileSource(image);
  expect(() => openExt(file).list('many')).toThrow('/many has more than 2097152 entries');
});
