/** What is remembered of runs: the last one wins, the file stays small, and nothing can break it. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Label } from '../../model/label.ts';
import { PastRuns } from './past-runs.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dsmb-past-'));
  path = join(folder, 'builds', 'past-runs');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const action = (name: string) => ({ label: `//${name}` as Label, mnemonic: 'Make', ordinal: 0 });
const lines = (): number => readFileSync(path, 'utf8').split('\n').length - 1;

describe('past runs', () => {
  it('are there in the next build', () => {
    const runs = new PastRuns(path);
    runs.note(action('a'), { durationMs: 20 });
    runs.note(action('b'), { durationMs: 3000, cpus: 1.5, memoryMiB: 700 });
    runs.save();
    const next = new PastRuns(path);
    expect(next.of(action('a'))).toEqual({ durationMs: 20 });
    expect(next.of(action('b'))).toEqual({ durationMs: 3000, cpus: 1.5, memoryMiB: 700 });
    expect(next.of(action('c'))).toBeUndefined();
  });

  it('are those of another workspace, the one that wrote last, where this one has none', () => {
    const [older = '', newer = ''] = ['older', 'newer'].map((name) => join(folder, name));
    for (const [index, other] of [older, newer].entries()) {
      new PastRuns(other).note(action('a'), { durationMs: 2000 + index });
      utimesSync(other, index + 1, index + 1);
    }
    new PastRuns(path).note(action('b'), { durationMs: 5000 });
    const runs = new PastRuns(path, () => [older, newer, path]);
    expect([runs.of(action('a')), runs.of(action('b'))]).toEqual([{ durationMs: 2001 }, { durationMs: 5000 }]);
    runs.note(action('a'), { durationMs: 7000 });
    expect(runs.of(action('a'))).toEqual({ durationMs: 7000 });
    expect(runs.of(action('c'))).toBeUndefined();
  });

  it('are those of a place; what is not known of one is expected to be as in the other', () => {
    const runs = new PastRuns(path);
    runs.note(action('a'), { durationMs: 20 });
    runs.note(action('a'), { durationMs: 900 }, 'remote');
    runs.note(action('b'), { durationMs: 3000 }, 'remote');
    runs.save();
    const next = new PastRuns(path);
    expect([next.of(action('a')), next.of(action('a'), 'remote')]).toEqual([{ durationMs: 20 }, { durationMs: 900 }]);
    expect([next.of(action('b')), next.expectedMs(action('b')), next.expectedMs(action('b'), 'remote')]).toEqual([
      undefined,
      3000,
      3000,
    ]);
    expect([next.expectedMs(action('a'), 'remote'), next.expectedMs(action('c'))]).toEqual([900, undefined]);
  });

  it('that were dear are written at once', () => {
    new PastRuns(path).note(action('a'), { durationMs: 60_000 });
    expect(new PastRuns(path).of(action('a'))).toEqual({ durationMs: 60_000 });
  });

  it('forget the time of an earlier run, and its memory little by little', () => {
    const runs = new PastRuns(path);
    runs.note(action('a'), { durationMs: 1, memoryMiB: 1000 });
    runs.note(action('a'), { durationMs: 2, memoryMiB: 100 });
    expect(runs.of(action('a'))).toEqual({ durationMs: 2, memoryMiB: 900 });
    runs.note(action('a'), { durationMs: 3, memoryMiB: 2000 });
    expect(runs.of(action('a'))).toEqual({ durationMs: 3, memoryMiB: 2000 });
  });

  it('do not grow with every build', () => {
    for (let build = 0; build < 40; build++) {
      const runs = new PastRuns(path);
      for (const name of ['a', 'b']) runs.note(action(name), { durationMs: build });
      runs.save();
    }
    expect(lines()).toBeLessThanOrEqual(12);
    expect(new PastRuns(path).of(action('b'))).toEqual({ durationMs: 39 });
  });

  it('are read as far as they can be', () => {
    const runs = new PastRuns(path);
    runs.note(action('a'), { durationMs: 7 });
    runs.save();
    appendFileSync(path, 'noise\n//b Make\tx\t\t\n//c Make\t12');
    expect(new PastRuns(path).of(action('a'))).toEqual({ durationMs: 7 });
    expect(new PastRuns(path).of(action('b'))).toBeUndefined();
    expect(new PastRuns(path).of(action('c'))).toBeUndefined();
  });

  it('that cannot be written are not an error', () => {
    writeFileSync(join(folder, 'file'), '');
    const runs = new PastRuns(join(folder, 'file', 'past-runs'));
    runs.note(action('a'), { durationMs: 5000 });
    expect(() => runs.save()).not.toThrow();
    expect(runs.of(action('a'))).toEqual({ durationMs: 5000 });
  });
});
