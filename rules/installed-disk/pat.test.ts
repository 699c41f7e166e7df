/** Archives made here, read back: whole, damaged, hostile, and for the wrong machine. */
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { pack, type Header } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Failure, type Diagnostic } from '../../src/model/diagnostic.ts';
import { readLoaderInfo, requireMatch } from './loader-match.ts';
import { parseVersion, readPat } from './pat.ts';
import { formatChecksums, parseChecksums, sampleOffset, sumOf, type FileSum } from './syno-checksum.ts';

const VERSION = `majorversion="6"
minorversion="1"
productversion="6.1.7"
buildphase="GM"
buildnumber="15284"
unique="synology_bromolow_3615xs"
`;

/** A name or a header, and the content. */
type Entry = [(Partial<Header> & { name: string }) | string, Buffer];

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pat-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const contents = (): Map<string, Buffer> =>
  new Map([
    ['VERSION', Buffer.from(VERSION)],
    ['hda1.tgz', Buffer.alloc(200_000, 'system')],
    ['zImage', Buffer.from('kernel')],
    ['rd.gz', Buffer.from('ramdisk')],
    ['packages/empty', Buffer.alloc(0)],
    ['texts/tiny', Buffer.from('abc')],
  ]);

async function checksumsOf(files: Map<string, Buffer>): Promise<string> {
  const sums = new Map<string, FileSum>();
  for (const [name, bytes] of files) sums.set(name, await sumOf(Readable.from(pieces(bytes)), bytes.length));
  return formatChecksums(sums);
}

const pieces = (bytes: Buffer): Buffer[] =>
  Array.from({ length: Math.ceil(bytes.length / 1000) }, (_, index) =>
    bytes.subarray(index * 1000, index * 1000 + 1000),
  );

async function writePat(entries: Iterable<Entry>): Promise<string> {
  const file = join(folder, 'test.pat');
  const archive = pack();
  const writing = pipeline(archive, createWriteStream(file));
  for (const [header, bytes] of entries) archive.entry(typeof header === 'string' ? { name: header } : header, bytes);
  archive.finalize();
  await writing;
  return file;
}

async function wholePat(change: (files: Map<string, Buffer>) => void = () => {}): Promise<string> {
  const files = contents();
  const checksums = await checksumsOf(files);
  change(files);
  return writePat([...files, ['checksum.syno', Buffer.from(checksums)]]);
}

async function failureOf(work: () => unknown): Promise<Diagnostic> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Failure) return error.diagnostic;
    throw error;
  }
  throw new Error('expected a failure');
}

describe('a .pat', () => {
  it('says what it is for', async () => {
    expect(await readPat(await wholePat())).toEqual({
      model: 'DS3615xs',
      platform: 'bromolow',
      version: '6.1.7',
      build: '15284',
    });
  });

  it('is refused with the numbers when a byte differs', async () => {
    const file = await wholePat((files) => files.set('zImage', Buffer.from('kernal')));
    const { code, detail } = await failureOf(() => readPat(file));
    expect(code).toBe('PAT_CHECKSUM');
    expect(detail).toMatch(/^zImage: checksum.syno says crc \d+, size 6, .*; the file has crc \d+, size 6/);
  });

  it('is refused when a file is missing or not vouched for', async () => {
    const missing = await wholePat((files) => files.delete('texts/tiny'));
    expect((await failureOf(() => readPat(missing))).detail).toContain('texts/tiny: named in checksum.syno');
    const files = contents();
    const kernel = files.get('zImage') ?? Buffer.alloc(0);
    files.delete('zImage');
    const checksums = Buffer.from(await checksumsOf(files));
    const unlisted = await writePat([...files, ['zImage', kernel], ['checksum.syno', checksums]]);
    expect((await failureOf(() => readPat(unlisted))).detail).toContain('zImage: needed by the installer');
  });

  it.each<[string, Entry[]]>([
    ['leads out', [['../evil', Buffer.from('x')]]],
    [
      'twice',
      [
        ['a', Buffer.from('x')],
        ['./a', Buffer.from('y')],
      ],
    ],
    ['symlink', [[{ name: 'a', type: 'symlink', linkname: '/etc/passwd' }, Buffer.alloc(0)]]],
    ['no checksum.syno', [['VERSION', Buffer.from(VERSION)]]],
    ['VERSION has', [['VERSION', Buffer.alloc(2 * 1024 * 1024)]]],
  ])('is refused when hostile: %s', async (message, entries) => {
    const failure = await failureOf(async () => readPat(await writePat(entries)));
    expect(failure.code).toBe('PAT_UNREADABLE');
    expect(failure.message).toContain(message);
  });

  it('is refused when it is cut off, or no tar at all', async () => {
    const cut = await wholePat();
    await truncate(cut, 100_000);
    expect((await failureOf(() => readPat(cut))).code).toBe('PAT_UNREADABLE');
    const other = join(folder, 'other.pat');
    await writeFile(other, Buffer.alloc(4096, 'no tar'));
    expect((await failureOf(() => readPat(other))).code).toBe('PAT_UNREADABLE');
  });
});

describe('what is not a plain .pat is told what it is:', () => {
  it.each<[string, RegExp, () => Promise<Buffer> | Buffer]>([
    ['empty', /the \.pat is empty/, () => Buffer.alloc(0)],
    ['gzip', /is compressed with gzip/, async () => gzipSync(await readFile(await wholePat()))],
    ['zstd', /is compressed with zstd/, async () => zstdCompressSync(await readFile(await wholePat()))],
    ['zip', /is packed: it is zip/, () => Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), Buffer.alloc(5000)])],
    ['encrypted', /\.pat of DSM 7, which is encrypted/, () => Buffer.from('00adbeef00000000', 'hex')],
    ['an image', /is packed: it is qcow2/, () => Buffer.from('QFI\xfb and more', 'latin1')],
  ])('%s', async (_what, message, made) => {
    const file = join(folder, 'other.pat');
    await writeFile(file, await made());
    const failure = await failureOf(() => readPat(file));
    expect(failure.code).toBe('PAT_UNREADABLE');
    expect(failure.message).toMatch(message);
  });
});

describe('checksum.syno', () => {
  it('chooses the four bytes as the original program does', () => {
    const offsets = [1, 3, 4, 5, 6, 8, 1000, 200_000].map(sampleOffset);
    expect(offsets).toEqual([0, 0, 0, 1, 1, 3, 383, 89383]);
  });

  it('gives an empty file its own numbers', async () => {
    expect(await sumOf(Readable.from([]), 0)).toEqual({ crc: 0, size: 0, x: 0, y: 2767 });
  });

  it('does not depend on how the bytes arrive', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 64 }),
        fc.integer({ min: 1, max: 9 }),
        async (bytes, step) => {
          const chunks = Array.from({ length: Math.ceil(bytes.length / step) }, (_, i) =>
            bytes.subarray(i * step, (i + 1) * step),
          );
          const offset = sampleOffset(bytes.length);
          const sample = [...bytes.subarray(offset, offset + 4)].reduce((sum, byte) => sum + byte, 0);
          const sum = await sumOf(Readable.from(chunks), bytes.length);
          expect(sum).toMatchObject({ size: bytes.length, x: offset + bytes.length, y: sample });
        },
      ),
    );
  });

  it('must have a footer that adds up and lines that can be read', async () => {
    expect((await failureOf(() => parseChecksums('1 2 name 3 4\n'))).message).toContain('footer');
    expect((await failureOf(() => parseChecksums('what\n#Synocksum 0 0 0\n'))).message).toContain('"what"');
    const file = await writePat([...contents(), ['checksum.syno', Buffer.from('#Synocksum 7 0 0\n')]]);
    expect((await failureOf(() => readPat(file))).detail).toContain(
      "footer: the lines' size add up to 0; the footer says 7",
    );
  });
});

describe('loader and .pat', () => {
  const pat = parseVersion(VERSION);

  it.each(['6.1.7', '6.1', '6.1.7-15284', undefined])('match: version %s', (version) => {
    const loader = version === undefined ? { model: 'DS3615xs' } : { model: 'DS3615xs', version };
    expect(() => requireMatch(loader, pat)).not.toThrow();
  });

  it.each([
    { model: 'DS3617xs', version: '6.1.7' },
    { model: 'DS3615xs', version: '6.1.70' },
    { model: 'DS3615xs', version: '6.1.7-15266' },
  ])('do not match: %o', async (loader) => {
    const { code, message, detail } = await failureOf(() => requireMatch(loader, pat));
    expect(code).toBe('PAT_MODEL_MISMATCH');
    expect(message).toBe(`the .pat is for DS3615xs 6.1.7-15284, the loader for ${loader.model} ${loader.version}`);
    expect(detail).toContain('57 %');
  });

  it('reads loader.json where there is one', async () => {
    expect(await readLoaderInfo(folder)).toBeUndefined();
    await writeFile(join(folder, 'loader.json'), '{"model":"DS3615xs","version":"6.1.7","vid":1}');
    expect(await readLoaderInfo(folder)).toEqual({ model: 'DS3615xs', version: '6.1.7' });
    await writeFile(join(folder, 'loader.json'), 'null');
    expect((await failureOf(() => readLoaderInfo(folder))).code).toBe('LOADER_UNREADABLE');
  });
});
