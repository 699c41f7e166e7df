/** Into outputs by names, through all formats; and what hostile content may not do there. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Entries, Node } from '../../../cache/tree.ts';
import { StoredBuilds } from '../../../test/rig/stored-build.ts';
import { bufferSource, writeFat16, SECTOR } from '../../disk/index.ts';
import { member1 } from '../../disk/md.test-helper.ts';
import { temporaryFolder } from '../../disk/model.test-helper.ts';
import { Browser } from './browse.ts';
import { pictureType } from './picture.ts';

const MARKUP = '<img src=x onerror="alert(1)">';
const SHOWN = `${MARKUP}\\x1b[2J\\u{202e}`;
const FAT_SECTORS = 16 * 2048;
const folder = temporaryFolder();
const at = (name: string): string => join(folder.path, name);
let builds: StoredBuilds;
let browser: Browser;

beforeAll(() => {
  builds = new StoredBuilds(folder.path);
  browser = new Browser(builds.store, builds.root);
});
afterAll(() => {
  browser[Symbol.dispose]();
  folder[Symbol.dispose]();
});

const outputOf = (node: Node): Entries => new Map([['out', node]]);
const look = (content: string | Uint8Array, ...names: string[]) =>
  browser.item(outputOf(builds.file(content)), ['out', ...names]);

/** A member of a cpio archive. */
function cpioMember(name: string, body: string | Buffer, mode = 0o100_644): Buffer {
  const bytes = Buffer.from(body);
  const numbers = [1, mode, 0, 0, 1, 0, bytes.length, 0, 0, 0, 0, Buffer.byteLength(name) + 1, 0];
  const header = `070701${numbers.map((one) => one.toString(16).padStart(8, '0')).join('')}${name}\0`;
  const padded = (part: Buffer): Buffer => Buffer.concat([part, Buffer.alloc((4 - (part.length % 4)) % 4)]);
  return Buffer.concat([padded(Buffer.from(header)), padded(bytes)]);
}

const cpio = (...members: Buffer[]): Buffer => Buffer.concat([...members, cpioMember('TRAILER!!!', '', 0)]);

function fat(): Buffer {
  const image = Buffer.alloc(FAT_SECTORS * SECTOR);
  const files = [{ path: 'a/b.txt', source: bufferSource(Buffer.from('in a FAT')) }];
  const options = { sectors: FAT_SECTORS, hiddenSectors: 0, volumeId: 1, label: 'X', epoch: 1_577_836_800 };
  writeFat16({ write: (offset, bytes) => image.set(bytes, offset) }, { ...options, files });
  return image;
}

function ext(): Buffer {
  mkdirSync(at('tree/a'), { recursive: true });
  writeFileSync(at('tree/a/b.txt'), 'in an ext4');
  execFileSync('mke2fs', ['-q', '-t', 'ext4', '-d', at('tree'), at('ext'), '4M']);
  return readFileSync(at('ext'));
}

function tar(...args: string[]): Buffer {
  return execFileSync('tar', ['-C', at('tree'), '-c', ...args]);
}

describe('a text is found in', () => {
  test.each([
    ['a FAT', () => fat(), 'in a FAT'],
    ['an ext4', () => ext(), 'in an ext4'],
    ['an array with an ext4', () => member1('x', 3, ext()), 'in an ext4'],
    ['a cpio archive', () => cpio(cpioMember('a', '', 0o40755), cpioMember('a/b.txt', 'in a cpio')), 'in a cpio'],
    ['a compressed cpio archive', () => gzipSync(cpio(cpioMember('./a/b.txt', 'in a gzip'))), 'in a gzip'],
    ['a tar archive', () => tar('a'), 'in an ext4'],
    ['an archive in an archive', () => cpio(cpioMember('a', cpio(cpioMember('b.txt', 'deep')))), 'deep'],
  ])('%s', async (_name, content, text) => {
    ext();
    expect(await look(content(), 'a', 'b.txt')).toMatchObject({ text, way: ['out', 'a', 'b.txt'] });
  });

  test('a folder of the store, and in nothing that lies beside it', async () => {
    const tree = builds.store.trees.build([
      ['a/b.txt', builds.file('in a tree')],
      ['a/away', { type: 'symlink', target: '/etc/passwd' }],
    ]);
    const item = (...names: string[]) => browser.item(outputOf(tree), ['out', ...names]);
    expect(await item('a', 'b.txt')).toMatchObject({ text: 'in a tree' });
    expect(await item('a', 'away')).toMatchObject({ entry: { type: 'symlink', target: '/etc/passwd' } });
    for (const names of [['a', 'away', 'x'], ['..', 'out'], ['a/b.txt'], ['a', '..', 'a'], ['__proto__'], ['']])
      expect(await item(...names), `at ${names.join(' ')}`).toBeUndefined();
    expect(await browser.item(outputOf(tree), [])).toBeUndefined();
    expect(
      await browser.item(
        outputOf(tree),
        Array.from({ length: 65 }, () => 'out'),
      ),
    ).toBeUndefined();
  });
});

describe('of hostile content', () => {
  test('names are shown as text, and asked for as they are', async () => {
    const name = `${MARKUP}\x1b[2J\u202e`;
    const archive = cpio(cpioMember(name, 'x'));
    const { entries = [] } = (await look(archive))!;
    expect(entries).toMatchObject([{ name, shown: SHOWN }]);
    expect(await look(archive, name)).toMatchObject({ text: 'x', way: ['out', SHOWN] });
  });

  test('names that lead up or away stay below the archive', async () => {
    const archive = cpio(cpioMember('../../etc/passwd', 'up'), cpioMember('/root/x', 'root'));
    expect(await look(archive, '..', '..', 'etc', 'passwd')).toMatchObject({ text: 'up' });
    expect(await look(archive, 'root', 'x')).toMatchObject({ text: 'root' });
  });

  test('symlinks of a file system lead nowhere outside of it', async () => {
    mkdirSync(at('links/etc'), { recursive: true });
    execFileSync('ln', ['-sf', '../../../../../../etc/passwd', at('links/up')]);
    execFileSync('mke2fs', ['-q', '-t', 'ext4', '-d', at('links'), at('links.image'), '4M']);
    const item = await look(readFileSync(at('links.image')), 'up');
    expect(item).toMatchObject({ entry: { type: 'symlink', target: '../../../../../../etc/passwd' } });
    expect(item).not.toHaveProperty('text');
    expect(await look(readFileSync(at('links.image')), 'up', 'x')).toBeUndefined();
    expect(await look(readFileSync(at('links.image')), '..', 'etc')).toBeUndefined();
  });

  test('very many entries are counted, and very deep ones left out', async () => {
    const many = Array.from({ length: 2100 }, (_none, index) => cpioMember(`f${index}`, ''));
    const item = (await look(cpio(...many)))!;
    expect([item.entries?.length, item.leftOut]).toEqual([2000, 100]);
    expect((await look(cpio(cpioMember('a/'.repeat(100), 'x'), cpioMember('b', 'y'))))!.entries).toHaveLength(1);
  });

  test('text does not command the page, and its end is left out', async () => {
    expect((await look('a\x1b]0;title\x07b\u202ec\n'))!.text).toBe('a\\x1b]0;title\\x07b\\u{202e}c\n');
    const long = (await look('é'.repeat(100_000)))!;
    expect(long.textLeftOut).toBe(200_000 - 128 * 1024);
    expect(await look(Buffer.from([0x61, 0, 0x62]))).not.toHaveProperty('text');
    expect(await look(Buffer.from([0x61, 0xff, 0x62]))).not.toHaveProperty('text');
  });

  test('what is damaged, or no archive after all, says so or is what it is', async () => {
    expect((await look(gzipSync('x'.repeat(5000)).subarray(0, 25)))!.problem).toMatch(/cannot be unpacked/);
    const cut = cpio(cpioMember('a', 'x'.repeat(100))).subarray(0, 150);
    expect((await look(cut))!.problem).toMatch(/damaged/);
    expect(await look(Buffer.alloc(3000, 7))).toMatchObject({ entry: { type: 'file', size: 3000 } });
  });

  test('what is compressed in itself again and again is not followed for ever', async () => {
    let bytes: Uint8Array = Buffer.from('bomb');
    for (let times = 0; times < 6; times++) bytes = gzipSync(bytes);
    expect(await look(bytes)).toMatchObject({ format: 'gzip, gzip, gzip, gzip' });
  });
});

describe('what was unpacked', () => {
  const packed = (name: string, body: string | Buffer): Node => builds.file(gzipSync(cpio(cpioMember(name, body))));
  const unpacked = (): string[] => readdirSync(join(builds.store.root, 'incoming'));

  test('is there for archives in it, however deep', async () => {
    let inner: Buffer = Buffer.from('deep text');
    const names = Array.from({ length: 9 }, (_none, level) => `level ${level}`);
    for (const name of names.toReversed()) inner = cpio(cpioMember(name, inner));
    expect(await look(gzipSync(inner), ...names)).toMatchObject({ text: 'deep text' });
  });

  test('can be read until the last who reads it lets go, and by nobody after that', async () => {
    const before = unpacked().length;
    using own = new Browser(builds.store, builds.root);
    const content = (await own.content(outputOf(packed('secret', 'A'.repeat(1000))), ['out', 'secret']))!;
    for (let other = 0; other < 10; other++)
      await own.item(outputOf(packed(`other ${other}`, `B${other}`.repeat(1000))), ['out']);
    expect(content.source.read(500, 5).toString()).toBe('AAAAA');
    content[Symbol.dispose]();
    await expect.poll(() => unpacked().length).toBe(before + 6);
    expect(() => content.source.read(500, 5)).toThrow('has been closed');
  });

  test('is gone when the page ends, and nothing is unpacked any more', async () => {
    const before = unpacked();
    const own = new Browser(builds.store, builds.root);
    const content = (await own.content(outputOf(packed('x', 'text')), ['out', 'x']))!;
    const late = own.item(outputOf(packed('late', 'late')), ['out']);
    own[Symbol.dispose]();
    expect((await late)!.problem).toContain('the page has ended');
    await expect.poll(unpacked).toEqual(before);
    expect(() => content.source.read(0, 1)).toThrow('has been closed');
  });
});

describe('a picture is', () => {
  const png = (width: number, height: number): Buffer => {
    const bytes = Buffer.alloc(64);
    bytes.write('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1');
    bytes.writeUInt32BE(width, 16);
    bytes.writeUInt32BE(height, 20);
    return bytes;
  };
  const jpeg = (width: number): Buffer => {
    const bytes = Buffer.alloc(64);
    bytes.set([0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xc0, 0, 11, 8]);
    bytes.writeUInt16BE(10, 13);
    bytes.writeUInt16BE(width, 15);
    return bytes;
  };
  const gif = Buffer.concat([Buffer.from('GIF89a\x05\0\x06\0', 'latin1'), Buffer.alloc(40)]);
  const type = (bytes: Uint8Array): string | undefined => pictureType(bufferSource(bytes));

  test('a raster of a size that can be shown', async () => {
    expect([type(png(720, 400)), type(jpeg(20)), type(gif)]).toEqual(['image/png', 'image/jpeg', 'image/gif']);
    expect((await look(png(720, 400)))!.picture?.type).toBe('image/png');
  });

  test('nothing that has scripts, nothing huge, nothing that only says so', () => {
    const svg = Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>${' '.repeat(40)}`);
    for (const wrong of [svg, png(0, 1), png(4097, 1), png(1, 2 ** 31), jpeg(5000), Buffer.alloc(64), Buffer.alloc(4)])
      expect(type(wrong)).toBeUndefined();
    expect(type(Buffer.concat([png(1, 1), Buffer.alloc(3 * 1024 * 1024)]))).toBeUndefined();
    expect(type(Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 0]), Buffer.alloc(64, 0xff)]))).toBeUndefined();
  });
});
