import { execa } from 'execa';
import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { examples } from '../../test/rig/campaign.ts';
import { deflateCodec } from './codecs.ts';
import { crc32Combine } from './crc32-combine.ts';
import { gzip } from './gzip.ts';
import { compressPieces, type BlockPiece, type Piece } from './piece.ts';

let folder = '';
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'gzip-'))));
afterAll(() => rm(folder, { recursive: true }));

async function bytesOf(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  // They stand only until the next one is asked for.
  for await (const chunk of source) chunks.push(Uint8Array.from(chunk));
  return Buffer.concat(chunks);
}

function compress(pieces: Iterable<Piece>, memo?: string, onBlock?: (sha256: string, kept: boolean) => void) {
  return bytesOf(gzip(compressPieces(pieces, { codec: deflateCodec(6), memo, ...(onBlock ? { onBlock } : {}) })));
}

function block(content: string): BlockPiece {
  return { type: 'block', length: content.length, read: (into) => into.set(Buffer.from(content)) };
}

const bytes = fc.uint8Array({ maxLength: 500 });
const piece: fc.Arbitrary<Piece> = fc.oneof(
  bytes.map((content): Piece => ({ type: 'bytes', bytes: content })),
  fc.nat(3_000_000).map((length): Piece => ({ type: 'zeros', length })),
  bytes.map((content): Piece => ({
    type: 'block',
    length: content.length,
    read: (into) => into.set(Buffer.from(content)),
  })),
);

function plain(piece: Piece): Uint8Array {
  if (piece.type === 'bytes') return piece.bytes;
  const content = Buffer.alloc(piece.length);
  if (piece.type === 'block') piece.read(content);
  return content;
}

describe('gzip from segments', () => {
  test('CRCs combine', () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => crc32Combine(crc32(a), crc32(b), b.length) === crc32(Buffer.concat([a, b]))),
    );
    const zeros = Buffer.alloc(5_000_000);
    expect(crc32Combine(crc32('head'), crc32(zeros), zeros.length)).toBe(
      crc32(Buffer.concat([Buffer.from('head'), zeros])),
    );
  });

  test('it unpacks to the pieces put in a row, with and without kept segments', async () => {
    const memo = join(folder, 'property');
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (pieces) => {
        const archive = await compress(pieces, memo);
        expect(gunzipSync(archive).equals(Buffer.concat(pieces.map(plain)))).toBe(true);
        expect((await compress(pieces)).equals(archive)).toBe(true);
      }),
      { numRuns: examples(40) },
    );
  });

  test('gzip(1) and Python read it as one member', async () => {
    const archive = await compress([block('one'), { type: 'zeros', length: 2_500_000 }, block('two')]);
    const wanted = createHash('sha256').update(
      Buffer.concat([Buffer.from('one'), Buffer.alloc(2_500_000), Buffer.from('two')]),
    );
    const { stdout } = await execa('gzip', ['-dc'], { input: archive, encoding: 'buffer' });
    expect(createHash('sha256').update(stdout).digest('hex')).toBe(wanted.digest('hex'));
    const script =
      'import sys,zlib; d=zlib.decompressobj(31); n=len(d.decompress(sys.stdin.buffer.read())); print(n, d.eof, d.unused_data)';
    expect((await execa('python3', ['-c', script], { input: archive })).stdout).toBe("2500006 True b''");
  });

  test('only what changed is compressed again', async () => {
    const memo = join(folder, 'changed');
    const seen: boolean[] = [];
    await compress([block('a'), block('b'), block('c')], memo);
    await compress([block('a'), block('B'), block('c')], memo, (_, kept) => seen.push(kept));
    expect(seen).toEqual([true, false, true]);
  });

  test('a block whose digest is known and kept is not read', async () => {
    const memo = join(folder, 'known');
    const first = await compress([block('content')], memo);
    const sha256 = createHash('sha256').update('content').digest('hex');
    const unread: Piece = { type: 'block', length: 7, sha256, read: () => expect.unreachable() };
    expect((await compress([unread], memo)).equals(first)).toBe(true);
  });

  test('a failing block fails the archive, whatever is in work before it', async () => {
    const bad = { type: 'block', length: 4, read: () => expect.fail('damaged') } as const;
    await expect(compress([block('good'), bad, block('more')])).rejects.toThrow('damaged');
    const lying: Piece = { ...block('text'), sha256: '0'.repeat(64) };
    await expect(compress([lying])).rejects.toMatchObject({ diagnostic: { code: 'BLOCK_DIGEST' } });
  });

  test('a damaged or cut kept segment is made anew', async () => {
    const memo = join(folder, 'damaged');
    const pieces = [block('some content that is kept')];
    const good = await compress(pieces, memo);
    const names = await readdir(memo, { recursive: true });
    const path = names.find((name) => /[0-9a-f]{64}$/.test(name)) ?? '';
    const entry = await readFile(join(memo, path));
    for (let at = 0; at < entry.length; at++) {
      const flipped = Buffer.from(entry);
      flipped[at] = (flipped[at] ?? 0) ^ 0x40;
      for (const damaged of [flipped, entry.subarray(0, at)]) {
        await writeFile(join(memo, path), damaged);
        expect((await compress(pieces, memo)).equals(good)).toBe(true);
        expect((await readFile(join(memo, path))).equals(entry)).toBe(true);
      }
    }
  });
});
