import { execa } from 'execa';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compressionOf, decompressed, lzma, unlzma } from './compressed.ts';

let folder = '';
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'xz-'))));
afterAll(() => rm(folder, { recursive: true }));

const TEXT = 'kernel modules '.repeat(200_000);

async function* once(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}

async function textOf(source: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe('compressed files', () => {
  test('lzma packs what unlzma and xz unpack, always to the same bytes', async () => {
    const [one, two] = [join(folder, 'one.lzma'), join(folder, 'two.lzma')];
    await lzma(once(TEXT), one);
    await lzma(once(TEXT), two);
    expect((await readFile(one)).equals(await readFile(two))).toBe(true);
    expect(await compressionOf(one)).toBe('lzma');
    expect((await textOf(unlzma(one))) === TEXT).toBe(true);
    expect((await execa('xz', ['--format=lzma', '-dc', one])).stdout === TEXT).toBe(true);
  });

  test.each([
    ['gzip', ['gzip', '-c']],
    ['xz', ['xz', '-c']],
    ['lzma', ['xz', '--format=lzma', '-c']],
    ['none', ['cat']],
  ])('%s is told by its first bytes', async (compression, [program = '', ...args]) => {
    const file = join(folder, compression);
    await writeFile(file, (await execa(program, args, { input: TEXT, encoding: 'buffer' })).stdout);
    expect(await compressionOf(file)).toBe(compression);
    expect((await textOf(decompressed(file))) === TEXT).toBe(true);
  });

  test('a reader may leave early', async () => {
    const file = join(folder, 'early.lzma');
    await lzma(once(TEXT.repeat(10)), file);
    for await (const chunk of unlzma(file)) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
  });

  test('a cut file is a failure', async () => {
    const file = join(folder, 'cut.lzma');
    await lzma(once(TEXT), file);
    await writeFile(file, (await readFile(file)).subarray(0, -20));
    await expect(textOf(unlzma(file)).then((text) => text.length)).rejects.toMatchObject({
      diagnostic: { code: 'PROGRAM_FAILED' },
    });
  });

  test('all content comes before the complaint about what follows it', async () => {
    const file = join(folder, 'padded.lzma');
    await lzma(once(TEXT), file);
    await writeFile(file, Buffer.concat([await readFile(file), Buffer.alloc(3)]));
    let length = 0;
    const read = async () => {
      for await (const chunk of unlzma(file)) length += chunk.length;
    };
    await expect(read()).rejects.toMatchObject({ diagnostic: { code: 'PROGRAM_FAILED' } });
    expect(length).toBe(TEXT.length);
  });
});
