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

it('all but the last have a size between the least and the most', () => {
  // Without variety there is no cut but the longest; with it, the shortest are found as well.
  const sizesOf = (bytes: Uint8Array): number[] => [...chunksOf([bytes])].map(({ digest }) => digest.size);
  expect(sizesOf(Buffer.alloc(1_200_000))).toEqual([524_288, 524_288, 151_424]);
  fc.assert(
    fc.property(content, (bytes) => {
      for (const size of sizesOf(bytes).slice(0, -1)) {
        expect(size).toBeGreaterThanOrEqual(32_768);
        expect(size).toBeLessThanOrEqual(524_288);
      }
    }),
    { numRuns: 10 },
  );
});

it('cuts stay where they are: what servers have was cut there', () => {
  const offsets = [...chunksOf([bytesOf(7, 1_000_000)])].map(({ offset }) => offset);
  expect(offsets).toEqual([0, 91_653, 382_382, 455_504, 668_522, 756_135, 842_829]);
});

it('a change moves few cuts', () => {
  const bytes = bytesOf(7, 8_000_000);
  const known = new Set([...chunksOf([bytes])].map(({ digest }) => digest.hash));
  const changed = Buffer.concat([bytes.subarray(0, 3_000_000), Buffer.from('more'), bytes.subarray(3_000_000)]);
  const chunks = [...chunksOf([changed])];
  expect(chunks.length).toBeGreaterThan(30);
  expect(chunks.filter(({ digest }) => !known.has(digest.hash)).length).toBeLessThanOrEqual(3);
});
