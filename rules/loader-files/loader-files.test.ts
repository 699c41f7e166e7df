import { cpioFile, decompressed, lzma, writeCpio } from 'dsmb/archive';
import { runStepHere } from 'dsmb/testing';
import { execa } from 'execa';
import { randomBytes } from 'node:crypto';
import {
  copyFile,
  mkdir,
  mkdtemp,
  open,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import step from './loader-files.step.ts';

const VERSION = 'majorversion="6"\nminorversion="1"\nproductversion="6.1.7"\nbuildnumber="15284"\n';

let folder = '';
let round = 0;
let parts: Readonly<Record<string, Buffer>> = {};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'loader-'));
  const zImage = Buffer.alloc(3_000_000, 'kernel');
  zImage.write('HdrS', 0x202);
  const rd = await initrd({
    'etc.defaults/VERSION': VERSION,
    'etc.defaults/synoinfo.conf': 'unique="synology_bromolow_3615xs"\n',
  });
  parts = { zImage, 'rd.gz': rd, 'extra.lzma': await initrd({ init: '#!/bin/sh\n' }) };
});
afterAll(() => rm(folder, { recursive: true }));

async function initrd(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const file = join(folder, `initrd-${round++}`);
  const entries = Object.entries(files).map(([path, content]) => cpioFile(path, content));
  await lzma(writeCpio(entries, 1), file);
  return await readFile(file);
}

/** Writes files below a new folder. */
async function tree(files: Readonly<Record<string, Buffer | string>>): Promise<string> {
  const root = join(folder, `tree-${round++}`);
  await mkdir(root);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
  return root;
}

/** A raw image whose partition `at` (a MiB number) has the files of a folder on a FAT. */
async function image(table: string, at: number, sizeMiB: number, from: string): Promise<string> {
  const file = join(folder, `image-${round++}`);
  await writeFile(file, '');
  await truncate(file, 50 * 2 ** 20);
  await execa('sfdisk', ['-q', file], { input: table });
  const partition = `${file}@@${at}M`;
  await execa('mformat', ['-i', partition, '-T', String(sizeMiB * 2048), '-h', '16', '-s', '63', '::']);
  for (const name of await readdir(from)) await execa('mcopy', ['-s', '-i', partition, join(from, name), '::/']);
  return file;
}

async function loaderFiles(from: string): Promise<string> {
  const loader = join(folder, `loader-${round++}`);
  await runStepHere(step, { args: {}, inputs: { from }, outputs: { loader }, scratch: folder });
  return loader;
}

async function expectLoader(loader: string, json: unknown): Promise<void> {
  expect((await readdir(loader)).sort()).toEqual(['extra.lzma', 'loader.json', 'rd.gz', 'zImage']);
  for (const [name, content] of Object.entries(parts))
    expect((await readFile(join(loader, name))).equals(content)).toBe(true);
  expect(JSON.parse(await readFile(join(loader, 'loader.json'), 'utf8'))).toEqual(json);
}

const IDENTITY = { model: 'DS3615xs', version: '6.1.7-15284' };

describe('loaderFiles', () => {
  test('from anywhere below a folder, in any case; the rest is left out', async () => {
    const from = await tree({
      'boot/grub/DS3615xs/zImage': parts['zImage'] ?? '',
      'boot/grub/DS3615xs/RD.GZ': parts['rd.gz'] ?? '',
      'boot/grub/DS3615xs/Extra.lzma': parts['extra.lzma'] ?? '',
      'boot/tinycore.gz': 'x',
      grldr: 'x',
    });
    await expectLoader(await loaderFiles(from), IDENTITY);
  });

  test('a loader.json that is there stays', async () => {
    await expectLoader(await loaderFiles(await tree({ ...parts, 'loader.json': '{"model":"DS916+"}' })), {
      model: 'DS916+',
    });
  });

  test.each([
    [
      'a GPT image, as jun made them',
      'label: gpt\nstart=2048,size=30720,type=U\nstart=32768,size=61440\nstart=94208,size=2048\n',
      16,
      30,
      '',
    ],
    ['an MBR image', 'label: dos\nstart=2048,size=96256,type=e,bootable\n', 1, 47, 'boot/grub/DS3615xs/'],
  ])('from %s', async (_, table, at, size, below) => {
    const files = Object.fromEntries(Object.entries(parts).map(([name, content]) => [below + name, content]));
    await expectLoader(await loaderFiles(await image(table, at, size, await tree(files))), IDENTITY);
  });

  test('of several loaders the one for DS3615xs', async () => {
    const other = Object.fromEntries(Object.keys(parts).map((name) => [`DS916+/${name}`, 'other']));
    const both = {
      ...other,
      ...Object.fromEntries(Object.entries(parts).map(([name, content]) => [`DS3615xs/${name}`, content])),
    };
    await expectLoader(await loaderFiles(await tree(both)), IDENTITY);
    const third = Object.fromEntries(Object.keys(parts).map((name) => [`x/${name}`, 'other']));
    await expect(loaderFiles(await tree({ ...other, ...third }))).rejects.toMatchObject({
      diagnostic: { code: 'LOADER_AMBIGUOUS', detail: 'DS916+\nx' },
    });
  });

  test('what is missing is named', async () => {
    await expect(loaderFiles(await tree({ 'a/zImage': parts['zImage'] ?? '' }))).rejects.toMatchObject({
      diagnostic: {
        code: 'LOADER_INCOMPLETE',
        message: 'the loader has no rd.gz, extra.lzma',
        detail: 'found: a/zImage',
      },
    });
    const empty = await image('label: dos\nstart=2048,size=96256,type=e\n', 1, 47, await tree({ 'readme.txt': 'x' }));
    await expect(loaderFiles(empty)).rejects.toMatchObject({
      diagnostic: { code: 'LOADER_INCOMPLETE', detail: 'looked at: p1 (fat16)' },
    });
    await expect(loaderFiles(join(await tree({ 'x.zip': 'PK' }), 'x.zip'))).rejects.toMatchObject({
      diagnostic: { code: 'LOADER_INCOMPLETE', detail: 'looked at: the whole image (no file system that is known)' },
    });
  });

  test.each(['zImage', 'rd.gz', 'extra.lzma'])('a %s that is none is refused', async (name) => {
    await expect(loaderFiles(await tree({ ...parts, [name]: Buffer.alloc(2000, 'x') }))).rejects.toMatchObject({
      diagnostic: { code: 'LOADER_FILE_WRONG' },
    });
  });

  test.each([
    ['cut off', (rd: Buffer) => rd.subarray(0, Math.floor(rd.length / 2)), /cut off or damaged/],
    ['compressed with zstd', () => zstdCompressSync(Buffer.alloc(5000)), /compressed with zstd/],
    ['an empty archive', () => gzipSync(Buffer.alloc(512)), /is empty/],
    ['behind microcode', (rd: Buffer) => Buffer.concat([microcode, rd]), /begins with microcode/],
    ['gzip that is damaged', () => damaged(gzipSync(randomBytes(5000))), /cut off or damaged/],
  ])('a rd.gz that is %s is refused', async (_what, change, message) => {
    const microcoded = await tree({ ...parts, 'rd.gz': change(parts['rd.gz']!) });
    await expect(loaderFiles(microcoded)).rejects.toMatchObject({
      diagnostic: { code: 'LOADER_FILE_WRONG', message: expect.stringMatching(message) as string },
    });
  });

  test.each([
    ['not compressed', async () => await collected(decompressed(join(await tree(parts), 'rd.gz')))],
    ['with more behind its end', () => Buffer.concat([parts['rd.gz']!, randomBytes(64)])],
  ])('a rd.gz that is %s is taken as it is', async (_what, made) => {
    const rd = await made();
    const loader = await loaderFiles(await tree({ ...parts, 'rd.gz': rd }));
    expect((await readFile(join(loader, 'rd.gz'))).equals(rd)).toBe(true);
  });
});

const damaged = (bytes: Buffer): Buffer =>
  Buffer.concat([bytes.subarray(0, 2000), randomBytes(500), bytes.subarray(2500)]);
let microcode = Buffer.alloc(0);
beforeAll(async () => {
  const file = cpioFile('kernel/x86/microcode/GenuineIntel.bin', 'microcode');
  microcode = await collected(writeCpio([file], 1));
});

async function collected(chunks: AsyncIterable<Uint8Array>) {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

describe('a loader as it was downloaded', () => {
  let raw = '';
  beforeAll(async () => {
    raw = await image('label: dos\nstart=2048,size=96256,type=e\n', 1, 47, await tree(parts));
  });

  const convert = (...args: string[]) => execa('qemu-img', ['convert', '-f', 'raw', ...args, raw, 'out'], { cwd });
  let cwd = '';
  beforeEach(async () => {
    cwd = await tree({});
  });

  type Packing = [what: string, make: () => Promise<unknown>];
  async function isOpened(...[, make]: Packing): Promise<void> {
    await make();
    await expectLoader(await loaderFiles(join(cwd, 'out')), IDENTITY);
  }

  test.each<Packing>([
    ['qcow2', () => convert('-O', 'qcow2', '-c')],
    ['VMDK, as a stream', () => convert('-O', 'vmdk', '-o', 'subformat=streamOptimized')],
    ['VHD, dynamic', () => convert('-O', 'vpc')],
    ['.img.gz', async () => await writeFile(join(cwd, 'out'), gzipSync(await readFile(raw)))],
    ['.zip of an image', () => packed('loader.img', '--format=zip')],
    ['.tar.gz of an image', () => packed('loader.img', '--gzip')],
    [
      '.ova',
      async () => {
        await convert('-O', 'vmdk', '-o', 'subformat=streamOptimized');
        await rename(join(cwd, 'out'), join(cwd, 'disk1.vmdk'));
        await writeFile(join(cwd, 'nas.ovf'), '<Envelope/>');
        await execa('bsdtar', ['--format=ustar', '-cf', 'out', 'nas.ovf', 'disk1.vmdk'], { cwd });
      },
    ],
  ])('%s', isOpened);

  test.each<Packing>([
    ['VMDK, sparse', () => convert('-O', 'vmdk')],
    ['VHD, fixed', () => convert('-O', 'vpc', '-o', 'subformat=fixed')],
    ['VHDX', () => convert('-O', 'vhdx')],
    ['VDI', () => convert('-O', 'vdi')],
    ['.img.xz', async () => await execa('xz', ['-1', '-c', raw], { cwd, stdout: { file: join(cwd, 'out') } })],
    ['.img.zst', async () => await writeFile(join(cwd, 'out'), zstdCompressSync(await readFile(raw)))],
    ['.tar.bz2 of an image', () => packed('loader.img', '--bzip2')],
    ['.tar.lz4 of an image', () => packed('loader.img', '--lz4')],
    ['.7z of an image', () => packed('loader.img', '--format=7zip')],
    [
      '.zip of an .img.gz',
      async () => {
        await writeFile(join(cwd, 'loader.img.gz'), gzipSync(await readFile(raw)));
        await execa('bsdtar', ['--format=zip', '-cf', 'out', 'loader.img.gz'], { cwd });
      },
    ],
    [
      '.tar.xz of the files',
      async () =>
        await execa('bsdtar', ['--xz', '-cf', 'out', '-C', await tree(parts), ...Object.keys(parts)], { cwd }),
    ],
  ])('%s', { tags: 'long' }, isOpened);

  const packed = async (name: string, ...args: string[]): Promise<void> => {
    await copyFile(raw, join(cwd, name));
    await execa('bsdtar', [...args, '-cf', 'out', name], { cwd });
  };

  test('a folder with a VMDK in two files', async () => {
    await execa(
      'qemu-img',
      ['convert', '-f', 'raw', '-O', 'vmdk', '-o', 'subformat=monolithicFlat', raw, 'loader.vmdk'],
      { cwd },
    );
    await expectLoader(await loaderFiles(cwd), IDENTITY);
    await expect(loaderFiles(join(cwd, 'loader.vmdk'))).resolves.toBeDefined();
    await rm(join(cwd, 'loader-flat.vmdk'));
    await expect(loaderFiles(join(cwd, 'loader.vmdk'))).rejects.toMatchObject({
      diagnostic: {
        code: 'LOADER_WRAPPED',
        hint: 'a VMDK may lie in several files: give the folder that has all of them',
      },
    });
  });

  test("pipes and dangling links of a loader's names are not files", async () => {
    await execa('mkfifo', ['zImage'], { cwd });
    await symlink('gone', join(cwd, 'rd.gz'));
    await expect(loaderFiles(cwd)).rejects.toMatchObject({
      diagnostic: { code: 'LOADER_INCOMPLETE', message: 'the loader has no zImage, rd.gz, extra.lzma' },
    });
  });

  test('what lies plainly in a folder counts before images beside it', async () => {
    const from = await tree({ ...parts, 'other/loader.img': await readFile(raw) });
    await expectLoader(await loaderFiles(from), IDENTITY);
  });

  test.each(['ext2', 'ext3', 'ext4'])('with its files on %s, on a logical partition', async (type) => {
    const file = join(cwd, 'out');
    await writeFile(file, '');
    await truncate(file, 64 * 2 ** 20);
    const table =
      'label: dos\nstart=2048,size=2048,type=c\nstart=4096,size=120000,type=f\nstart=8192,size=110000,type=83\n';
    await execa('sfdisk', ['-q', file], { input: table });
    const offset = `offset=${8192 * 512}`;
    await execa('mke2fs', [
      '-q',
      '-t',
      type,
      '-d',
      await tree({
        'loader/zImage': parts['zImage']!,
        'loader/rd.gz': parts['rd.gz']!,
        'loader/extra.lzma': parts['extra.lzma']!,
      }),
      '-E',
      offset,
      file,
      '50M',
    ]);
    await expectLoader(await loaderFiles(file), IDENTITY);
  });

  test('on a partition that ends behind the image, of a GPT whose head is damaged', async () => {
    const table = 'label: gpt\nstart=2048,size=61440\nstart=94208,size=2048\n';
    const file = await image(table, 1, 30, await tree(parts));
    const handle = await open(file, 'r+');
    await handle.write(Buffer.alloc(512), 0, 512, 512);
    await handle.close();
    await expectLoader(await loaderFiles(file), IDENTITY);
  });

  test.each([
    [
      'damaged',
      async () => {
        await packed('loader.img', '--format=zip');
        await truncate(join(cwd, 'out'), Math.floor((await stat(join(cwd, 'out'))).size / 2));
      },
      /out is zip, and cannot be unpacked/,
    ],
    [
      'an encrypted .pat',
      () => writeFile(join(cwd, 'out'), Buffer.concat([Buffer.from('00adbeef', 'hex'), randomBytes(5000)])),
      /a \.pat of DSM 7, which is encrypted/,
    ],
    [
      'packed too often',
      async () => {
        await writeFile(join(cwd, 'x.zip'), 'x');
        for (let layer = 0; layer < 5; layer++) {
          await execa('bsdtar', ['--format=zip', '-cf', 'out', 'x.zip'], { cwd });
          await copyFile(join(cwd, 'out'), join(cwd, 'x.zip'));
        }
      },
      /is packed more than 4 times/,
    ],
  ])('that is %s is told so', async (_what, make, message) => {
    await make();
    await expect(loaderFiles(join(cwd, 'out'))).rejects.toMatchObject({
      diagnostic: { code: 'LOADER_WRAPPED', message: expect.stringMatching(message) as string },
    });
  });

  test.each([
    ['bzImage-rr', 'RR'],
    ['bzImage-arpl', 'ARPL'],
    ['zImage-dsm', 'RR or ARPL'],
  ])('of another kind is named: %s', async (name, kind) => {
    await expect(loaderFiles(await tree({ [name]: 'x', zImage: parts['zImage']! }))).rejects.toMatchObject({
      diagnostic: {
        code: 'LOADER_INCOMPLETE',
        message: `this is a loader of ${kind}, which makes its kernel when it first starts`,
      },
    });
  });
});
