import { cpioFile, lzma, writeCpio } from 'dsmb/archive';
import { runStepHere } from 'dsmb/testing';
import { execa } from 'execa';
import { mkdir, mkdtemp, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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
      diagnostic: { code: 'LOADER_INCOMPLETE', detail: 'looked at: the whole image, p1' },
    });
    await expect(loaderFiles(join(await tree({ 'x.zip': 'PK' }), 'x.zip'))).rejects.toMatchObject({
      diagnostic: { code: 'LOADER_INCOMPLETE' },
    });
  });

  test.each(['zImage', 'rd.gz', 'extra.lzma'])('a %s that is none is refused', async (name) => {
    await expect(loaderFiles(await tree({ ...parts, [name]: Buffer.alloc(2000, 'x') }))).rejects.toMatchObject({
      diagnostic: { code: 'LOADER_FILE_WRONG' },
    });
  });
});
