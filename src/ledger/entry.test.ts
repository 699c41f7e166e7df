/** What was written down is read again, whole or not at all. */
import fc from 'fast-check';
import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { unknownStamps } from '../../cache/stamps.ts';
import { isBecause } from './because.ts';
import { readEntry, resultLine, settledOf, writeEntry, type Entry } from './entry.ts';
import { action, entryOf, Folder, settled } from './made.test-helper.ts';

let folder: Folder;

beforeEach(() => {
  folder = new Folder();
});
afterEach(() => folder[Symbol.dispose]());

const below = action('below');
const ENTRY = entryOf([below, action('above', [below])], [['/s/one', [0]]], ['/project/build.dsm.ts', '/project']);

/** As values that can be compared. */
function plain(entry: ReturnType<typeof readEntry>): unknown {
  if (!entry || isBecause(entry)) return entry;
  const { words, results, ...more } = entry;
  return { ...more, names: [...words.names], bodies: [...words.bodies], results: [...results] };
}

it('is the same', () => {
  writeEntry(folder.path, 'x', ENTRY, true);
  expect(plain(readEntry(folder.path, 'x'))).toEqual(plain(ENTRY));
  expect(readEntry(folder.path, 'y')).toBeUndefined();
});

it('keeps what was seen of each reading, whatever its paths are called', () => {
  const looked = fc.array(fc.array(fc.string({ unit: 'binary' }), { maxLength: 4 }), { maxLength: 5 });
  fc.assert(
    fc.property(looked, fc.func(fc.double()), (all, number) => {
      const entry: Entry = {
        ...ENTRY,
        readings: all.map((_, index) => [{ type: 'source', path: `/${index}` }, []]),
        looked: all.map((paths, index) => ({
          paths,
          stamps:
            index === 0
              ? unknownStamps(paths.length)
              : Float64Array.from(paths.flatMap((_, at) => Array(6).fill(number(index, at)))),
        })),
      };
      writeEntry(folder.path, 'x', entry, true);
      expect((readEntry(folder.path, 'x') as Entry).looked).toEqual(entry.looked);
    }),
    { numRuns: 30 },
  );
});

it('takes the place of what was found before, under the same graph', () => {
  writeEntry(folder.path, 'x', ENTRY, true);
  const results = [...ENTRY.results].toReversed();
  writeEntry(folder.path, 'x', { ...ENTRY, results }, false);
  expect([...(readEntry(folder.path, 'x') as Entry).results]).toEqual(results);
  writeEntry(folder.path, 'x', { ...ENTRY, id: 'another' }, false);
  expect(readEntry(folder.path, 'x')).toEqual({ because: expect.stringMatching(/do not belong together$/) });
});

it('is none where a file was cut or changed, and that is said', () => {
  writeEntry(folder.path, 'x', ENTRY, true);
  for (const name of readdirSync(folder.path)) {
    const path = join(folder.path, name);
    const whole = readFileSync(path);
    truncateSync(path, whole.length - 1);
    expect(readEntry(folder.path, 'x')).toEqual({ because: `${path} is not whole` });
    writeFileSync(path, whole.with(whole.length - 3, whole.at(-3)! ^ 1));
    expect(readEntry(folder.path, 'x')).toEqual({ because: `${path} is not whole` });
    rmSync(path);
    expect(readEntry(folder.path, 'x')).toEqual({ because: expect.stringMatching(/one of the two files .* is gone$/) });
    writeFileSync(path, whole);
  }
  expect(plain(readEntry(folder.path, 'x'))).toEqual(plain(ENTRY));
});

it('has a result as a line', () => {
  const { key, outputs } = settledOf(resultLine(settled(7)));
  expect([key, outputs]).toEqual([settled(7).key, settled(7).outputs]);
});
