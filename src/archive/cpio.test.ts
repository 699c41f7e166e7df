import { execa } from 'execa';
import fc from 'fast-check';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Failure } from '../step/index.ts';
import { cpioDirectory, cpioFile, cpioSymlink, writeCpio, type CpioSource } from './cpio-write.ts';
import { readCpio } from './cpio-read.ts';

const MTIME = 1_700_000_000;
let folder = '';
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'cpio-'))));
afterAll(() => rm(folder, { recursive: true }));

async function bytesOf(source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The bytes in chunks of odd sizes, as a pipe gives them. */
async function* chunked(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function readAll(bytes: Buffer, chunk = 4096) {
  const found = [];
  for await (const { body, bodyOffset: _, ...entry } of readCpio(chunked(bytes, chunk)))
    found.push({ ...entry, content: (await bytesOf(body())).toString('latin1') });
  return found;
}

const segment = fc.stringMatching(/^[a-zA-Z0-9_+ -]{1,20}$/).filter((name) => name.trim() !== '');
const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
const source: fc.Arbitrary<CpioSource> = fc.oneof(
  fc
    .tuple(path, fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 0, max: 0o7777 }))
    .map(([name, bytes, mode]) => cpioFile(name, bytes, mode)),
  path.map((name) => cpioDirectory(name)),
  fc.tuple(path, path).map(([name, target]) => cpioSymlink(name, target)),
  fc.tuple(path, fc.integer({ min: 0, max: 255 })).map(([name, minor]): CpioSource => ({
    path: name,
    type: 'block',
    mode: 0o660,
    size: 0,
    device: { major: 9, minor },
    body: () => [],
  })),
);

describe('cpio', () => {
  test('what is written reads back, in chunks of any size, also when archives are concatenated and padded', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(source, { maxLength: 8 }),
        fc.array(source, { maxLength: 3 }),
        fc.integer({ min: 1, max: 700 }),
        fc.integer({ min: 0, max: 200 }),
        async (first, second, chunk, words) => {
          const bytes = Buffer.concat([
            await bytesOf(writeCpio(first, MTIME)),
            Buffer.alloc(4 * words),
            await bytesOf(writeCpio(second, MTIME)),
          ]);
          const expected = [];
          for (const { body, ...entry } of [...first, ...second])
            expected.push({
              ...entry,
              mtime: MTIME,
              uid: 0,
              gid: 0,
              content: (await bytesOf(body())).toString('latin1'),
            });
          expect(await readAll(bytes, chunk)).toEqual(expected);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('names keep each of their bytes, UTF-8 or not', async () => {
    const name = fc
      .uint8Array({ minLength: 1, maxLength: 20 })
      .filter((bytes) => !bytes.some((byte) => byte === 0 || byte === 0x2f));
    await fc.assert(
      fc.asyncProperty(name, async (bytes) => {
        fc.pre(!['.', '..'].includes(Buffer.from(bytes).toString('latin1')));
        const written = await bytesOf(writeCpio([cpioFile('x'.repeat(bytes.length), 'y')], MTIME));
        written.set(bytes, 110);
        const [entry] = await readAll(written);
        const again = await bytesOf(writeCpio([cpioFile(entry!.path, 'y')], MTIME));
        expect(again.equals(written)).toBe(true);
      }),
    );
  });

  test('an archive that is cut anywhere fails with an offset', async () => {
    const whole = await bytesOf(writeCpio([cpioDirectory('etc'), cpioFile('etc/a', 'x'.repeat(99))], MTIME));
    for (let length = 1; length < whole.length; length++)
      await expect(readAll(whole.subarray(0, length), 64)).rejects.toMatchObject({
        diagnostic: { code: 'CPIO_CORRUPT', message: expect.stringMatching(/offset \d+/) },
      });
  });

  test.each([
    ['../etc/passwd', 'UNSAFE_PATH'],
    ['/etc/passwd', 'UNSAFE_PATH'],
    ['a/../../b', 'UNSAFE_PATH'],
  ])('the name %s is refused', async (name, code) => {
    const good = await bytesOf(writeCpio([cpioFile('x'.repeat(name.length), 'y')], MTIME));
    good.write(name, 110);
    await expect(readAll(good)).rejects.toMatchObject({ diagnostic: { code } });
  });

  test('sizes that lie are refused before memory is taken', async () => {
    const bytes = await bytesOf(writeCpio([cpioFile('name', 'y')], MTIME));
    bytes.write('FFFFFFFF', 6 + 8 * 11);
    await expect(readAll(bytes)).rejects.toMatchObject({
      diagnostic: { code: 'CPIO_CORRUPT', message: expect.stringContaining('4294967295') },
    });
    bytes.write('00000005', 6 + 8 * 11);
    bytes.write('FFFFFFF0', 6 + 8 * 6);
    await expect(readAll(bytes)).rejects.toMatchObject({ diagnostic: { code: 'CPIO_CORRUPT' } });
    bytes.write('zzzzzzzz', 6);
    await expect(readAll(bytes)).rejects.toMatchObject({
      diagnostic: { code: 'CPIO_CORRUPT', message: expect.stringContaining('field 0') },
    });
  });

  test('whatever is damaged, nothing but a failure with a code comes of it', async () => {
    const whole = await bytesOf(writeCpio([cpioFile('a', 'text'), cpioSymlink('b', 'a'), cpioDirectory('c')], MTIME));
    const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(damage, async (changes) => {
        const bytes = Buffer.from(whole);
        for (const [at, value] of changes) bytes[at] = value;
        await readAll(bytes).catch((error: unknown) => {
          if (!(error instanceof Failure)) throw error;
        });
      }),
      { numRuns: 500 },
    );
  });

  test('cpio(1) unpacks what is written: files, folders, links of both sorts', async () => {
    const out = join(folder, 'unpacked');
    await mkdir(out);
    const link = (name: string, text: string): CpioSource => ({ ...cpioFile(name, text, 0o600), link: 'one' });
    const entries = [
      cpioDirectory('d'),
      cpioFile('d/run', 'exec', 0o755),
      cpioSymlink('d/s', 'run'),
      link('d/x', ''),
      link('d/y', 'shared'),
    ];
    await execa('cpio', ['-idm', '--quiet'], { cwd: out, input: await bytesOf(writeCpio(entries, MTIME)) });
    expect((await readdir(join(out, 'd'))).sort()).toEqual(['run', 's', 'x', 'y']);
    expect(await readFile(join(out, 'd/s'), 'utf8')).toBe('exec');
    expect(await readFile(join(out, 'd/x'), 'utf8')).toBe('shared');
    const run = await stat(join(out, 'd/run'));
    expect([run.mode & 0o777, run.mtimeMs / 1000]).toEqual([0o755, MTIME]);
    expect((await stat(join(out, 'd/x'))).ino).toBe((await stat(join(out, 'd/y'))).ino);
  });

  test('what cpio(1) writes is read', async () => {
    const from = join(folder, 'source');
    await mkdir(join(from, 'a/b'), { recursive: true });
    await writeFile(join(from, 'a/b/f'), 'content');
    await symlink('b/f', join(from, 'a/l'));
    const { stdout } = await execa('cpio', ['-o', '-H', 'newc', '--quiet'], {
      cwd: from,
      input: '.\na\na/b\na/b/f\na/l\n',
      encoding: 'buffer',
    });
    const entries = await readAll(Buffer.from(stdout));
    expect(entries.map(({ path: name, type, content }) => [name, type, content])).toEqual([
      ['a', 'directory', ''],
      ['a/b', 'directory', ''],
      ['a/b/f', 'file', 'content'],
      ['a/l', 'symlink', 'b/f'],
    ]);
  });
});
