/** Whatever chunks a file comes in, its bytes are theirs, and long runs of zeros take no room. */
import fc from 'fast-check';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { writeSparse } from './write-sparse.ts';

const folder = mkdtempSync(join(tmpdir(), 'dsmb-sparse-'));
const path = join(folder, 'file');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** All in one buffer, as those who make chunks may do it. */
async function* chunksOf(runs: readonly (readonly [length: number, byte: number])[]): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.alloc(300_000);
  for (const [length, byte] of runs) yield buffer.fill(byte).subarray(0, length);
}

test('a file is what its chunks are', async () => {
  const run = fc.tuple(fc.nat(300_000), fc.constantFrom(0, 7));
  await fc.assert(
    fc.asyncProperty(fc.array(run, { maxLength: 8 }), async (runs) => {
      const size = await writeSparse(chunksOf(runs), path);
      const content = Buffer.concat(runs.map(([length, byte]) => Buffer.alloc(length, byte)));
      expect([size, readFileSync(path).equals(content)]).toEqual([content.length, true]);
      rmSync(path);
    }),
    { numRuns: 30 },
  );
});

test('zeros stay holes, also at the end', async () => {
  const zeros = Array.from({ length: 100 }, () => [300_000, 0] as const);
  expect(await writeSparse(chunksOf([[1, 7], ...zeros, [1, 7], ...zeros]), path)).toBe(60_000_002);
  expect(statSync(path).blocks * 512).toBeLessThan(1024 * 1024);
});

test('a file that is there is not written to', async () => {
  await expect(writeSparse(chunksOf([[1, 7]]), path)).rejects.toThrow('EEXIST');
});
