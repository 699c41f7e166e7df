/** Whether what a kept build rested on is still as it was. */
import { existsSync, lstatSync } from 'node:fs';
import type { Kept, Plan } from './memory.ts';
import { areSame, rowsAt, rowsOf, type Looks } from './rows.ts';

/** Whether the ground of a kept graph is as it was; paths that are read again anyway may be left out. */
export function stands({ seen, rows, present, absent }: Plan, leftOut?: ReadonlySet<string>): boolean {
  return (
    present.every((path) => existsSync(path)) &&
    absent.every((path) => leftOut?.has(path) || !lstatSync(path, { throwIfNoEntry: false })) &&
    areSameBut(leftOut, seen, rows)
  );
}

function areSameBut(leftOut: ReadonlySet<string> | undefined, seen: readonly string[], rows: Float64Array): boolean {
  const now = rowsOf(seen);
  if (!leftOut) return areSame(now, rows);
  return seen.every((path, at) => leftOut.has(path) || areSame(rowsAt(now, at, 1), rowsAt(rows, at, 1)));
}

/** The places of readings that have changed. */
export function changedReadings({ state: { paths, rows } }: Kept): Set<number> {
  const changed = new Set<number>();
  const looks: Looks = new Map();
  let first = 0;
  for (const [place, of] of paths.entries()) {
    if (!areSame(rowsOf(of, looks), rowsAt(rows, first, of.length))) changed.add(place);
    first += of.length;
  }
  return changed;
}
