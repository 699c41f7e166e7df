/** Digests of sources: a file is read when it may have changed, and only then. */
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { Digest } from '../src/model/digest.ts';
import { digestOf } from './cas.ts';
import { SourceDigests } from './sources.ts';

const folder = mkdtempSync(join(tmpdir(), 'dsmb-sources-'));
const path = join(folder, 'source');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let reads: number;
const read = () => {
  reads++;
  return digestOf(readFileSync(path));
};
/** Past the time in which a change may not show in the file's times. */
const grownOld = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 120));

beforeEach(async () => {
  reads = 0;
  writeFileSync(path, `content ${crypto.randomUUID()}`);
  await grownOld();
});

describe('a source', () => {
  it('is read once, also across builds', () => {
    const sources = new SourceDigests(folder);
    expect(sources.of(path, read)).toEqual(digestOf(readFileSync(path)));
    sources.of(path, read);
    sources.save();
    expect(new SourceDigests(folder).of(path, read)).toEqual(digestOf(readFileSync(path)));
    expect(reads).toBe(1);
  });

  it.each<[string, () => void]>([
    ['was written', () => writeFileSync(path, 'other content')],
    ['was written with the same size', () => writeFileSync(path, readFileSync(path, 'utf8').toUpperCase())],
    [
      'was written and set back in time',
      () => {
        writeFileSync(path, 'older');
        utimesSync(path, 1, 1);
      },
    ],
    [
      'was replaced',
      () => {
        const before = readFileSync(path);
        rmSync(path);
        writeFileSync(path, before);
      },
    ],
  ])('that %s is read again', (_what, change) => {
    const sources = new SourceDigests(folder);
    sources.of(path, read);
    change();
    expect(sources.of(path, read)).toEqual(digestOf(readFileSync(path)));
    expect(reads).toBe(2);
  });

  it('recorded right after a change is read again: the next change might not show', () => {
    const sources = new SourceDigests(folder);
    writeFileSync(path, 'just now');
    sources.of(path, read);
    sources.of(path, read);
    expect(reads).toBe(2);
  });

  it('that changed while it was read is read again, also where its times do not show it', async () => {
    const sources = new SourceDigests(folder);
    const before = read();
    // As if in one step of the file system's clock: the times are those of the first look.
    writeFileSync(path, 'written while it was read');
    const slowly = (): Digest => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 120);
      return before;
    };
    sources.of(path, slowly);
    await grownOld();
    expect(sources.of(path, read)).toEqual(digestOf(readFileSync(path)));
  });

  it('is read when the memory is broken', () => {
    const sources = new SourceDigests(folder);
    sources.of(path, read);
    sources.save();
    writeFileSync(join(folder, 'sources.v2.json'), '[["half');
    expect(new SourceDigests(folder).of(path, read)).toEqual(digestOf(readFileSync(path)));
    expect(reads).toBe(2);
  });
});
