/** Cuts depend on the content alone, and chunks make it up. */
import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { chunksOf } from './chunks.ts';

/** Bytes that look like any, the same for a seed. */
function bytesOf(seed: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0, state = seed | 1; at < size; at++) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

const content = fc.tuple(fc.integer(), fc.integer({ min: 0, max: 3_000_000 })).map((of) => bytesOf(...of));

it('chunks make up the content, and have the hashes of what they hold', () => {
  fc.assert(
    fc.property(content, (bytes) => {
      let offset = 0;
      for (const chunk of chunksOf([bytes])) {
        expect(chunk.offset).toBe(offset);
        offset += chunk.digest.size;
        const hash = createHash('sha256').update(bytes.subarray(chunk.offset, offset)).digest('hex');
        expect(chunk.digest.hash).toBe(hash);
      }
      expect(offset).toBe(bytes.length);
    }),
    { numRuns: 10 },
  );
});

it('cuts are the same in whatever pieces the content comes', () => {
  fc.assert(
    fc.property(content, fc.integer({ min: 1, max: 100_000 }), (bytes, piece) => {
      const pieces = Array.from({ length: Math.ceil(bytes.length / piece) }, (_none, index) =>
        bytes.subarray(index * piece, (index + 1) * piece),
      );
      expect([...chunksOf(pieces)]).toEqual([...chunksOf([bytes])]);
    }),
    { numRuns: 10 },
  );
});

it('a change moves few cuts', () => {
  const bytes = bytesOf(7, 8_000_000);
  const known = new Set([...chunksOf([bytes])].map(({ digest }) => digest.hash));
  const changed = Buffer.concat([bytes.subarray(0, 3_000_000), Buffer.from('more'), bytes.subarray(3_000_000)]);
  const chunks = [...chunksOf([changed])];
  expect(chunks.length).toBeGreaterThan(30);
  expect(chunks.filter(({ digest }) => !known.has(digest.hash)).length).toBeLessThanOrEqual(3);
});
