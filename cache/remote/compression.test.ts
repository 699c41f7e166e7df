/** What gets smaller is compressed, and nothing else. */
import { randomBytes } from 'node:crypto';
import { zstdDecompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { compressed, isWorthCompressing } from './compression.ts';
import type { Reading } from './source.ts';

const MIB = 1024 * 1024;
const text = (size: number): Buffer => Buffer.alloc(size, 'a line of a text\n');

/** How much is read of a blob to find out. */
function looked(bytes: Uint8Array): { readonly isWorth: boolean; readonly bytes: number } {
  let count = 0;
  const read: Reading = function* (offset, chunkBytes) {
    for (let at = offset; at < bytes.length; at += chunkBytes) {
      const chunk = bytes.subarray(at, at + chunkBytes);
      count += chunk.length;
      yield chunk;
    }
  };
  return { isWorth: isWorthCompressing(bytes.length, read), bytes: count };
}

describe('a blob is worth compressing', () => {
  it.each([
    ['where all of it is text', text(8 * MIB), true],
    ['where it begins with text', Buffer.concat([text(MIB), randomBytes(7 * MIB)]), true],
    ['where it ends with text', Buffer.concat([randomBytes(7 * MIB), text(MIB)]), true],
    ['but not where all of it is random', randomBytes(8 * MIB), false],
  ])('%s', (_what, bytes, isWorth) => {
    const seen = looked(bytes);
    expect(seen.isWorth).toBe(isWorth);
    expect(seen.bytes).toBeLessThanOrEqual(3 * 16 * 1024);
  });
});

it.each([0, 1, 255, 16 * 1024, 100_000])('%d random bytes are not compressed', (size) => {
  expect(compressed(randomBytes(size))).toBeUndefined();
});

it.each([256, 16 * 1024, 100_000])('%d bytes of text are, and come out as they were', (size) => {
  const bytes = text(size);
  expect(zstdDecompressSync(compressed(bytes)!).equals(bytes)).toBe(true);
});
