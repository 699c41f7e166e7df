/** What a look at paths says, as numbers: by it one tells whether anything there has changed since. */
import { lstatSync } from 'node:fs';
import { COARSE_RACY_MS, RACY_MS } from './look.ts';

/** Of a path: device, inode, mode, size in bytes, and the times of the last change of content and of anything, in ms. */
const COLUMNS = 6;
const NOTHING = { dev: -1, ino: -1, mode: -1, size: -1, mtimeMs: -1, ctimeMs: -1 };

/** A row for each path, one behind the other; where a look was taken before, what it said. */
export function rowsOf(paths: readonly string[], looks?: Looks): Float64Array {
  const rows = new Float64Array(paths.length * COLUMNS);
  for (const [index, path] of paths.entries()) {
    const row = looks?.get(path) ?? rowOf(path);
    looks?.set(path, row);
    rows.set(row, index * COLUMNS);
  }
  return rows;
}

/** Rows by path: steps share most of their modules. */
export type Looks = Map<string, readonly number[]>;

function rowOf(path: string): readonly number[] {
  const { dev, ino, mode, size, mtimeMs, ctimeMs } = lstatSync(path, { throwIfNoEntry: false }) ?? NOTHING;
  return [dev, ino, mode, size, mtimeMs, ctimeMs];
}

/** Rows that equal none. */
export function unknownRows(count: number): Float64Array {
  return new Float64Array(count * COLUMNS).fill(NaN);
}

/** Some of the rows of a longer list. */
export function rowsAt(rows: Float64Array, first: number, count: number): Float64Array {
  return rows.subarray(first * COLUMNS, (first + count) * COLUMNS);
}

export function areSame(some: Float64Array, others: Float64Array): boolean {
  return some.length === others.length && some.every((value, index) => value === others[index]);
}

/** Whether any of them equals none. */
export function areUnknown(rows: Float64Array): boolean {
  return Number.isNaN(rows[0]);
}

/** Whether anything has changed since a time, or so shortly before that it may have been read earlier. */
export function isFresh(rows: Float64Array, startedAt: number): boolean {
  for (let at = 0; at < rows.length; at += COLUMNS) {
    const mtimeMs = rows[at + 4]!;
    const ctimeMs = rows[at + 5]!;
    const racyMs = ctimeMs % 1000 === 0 ? COARSE_RACY_MS : RACY_MS;
    if (Math.max(mtimeMs, ctimeMs) > startedAt - racyMs) return true;
  }
  return false;
}
