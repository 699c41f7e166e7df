/** Where a map of a disk shows each cell: rows of cells, a line above each region, and long empty stretches as one line. */
import type { CellState, PageDisk } from '../artifacts/protocol.ts';

/** A line of the map. */
export type Row =
  | { readonly type: 'title' | 'gap'; readonly text: string }
  | { readonly type: 'cells'; readonly first: number; readonly count: number };

export const STATES: readonly CellState[] = ['empty', 'data', 'shared', 'changed', 'added', 'removed'];
/** Shorter empty stretches are drawn. */
const LEAST_GAP = 128;

/** The state of each cell, as its place in `STATES`. */
export function statesOf({ runs }: PageDisk): Uint8Array {
  const states = new Uint8Array(runs.reduce((sum, { count }) => sum + count, 0));
  let first = 0;
  for (const { state, count } of runs) {
    states.fill(STATES.indexOf(state), first, first + count);
    first += count;
  }
  return states;
}

/** The lines of a map that is `columns` cells wide. */
export function rowsOf({ regions }: PageDisk, states: Uint8Array, columns: number): Row[] {
  const rows: Row[] = [];
  for (const { name, first, end } of regions) {
    rows.push({ type: 'title', text: name });
    for (let at = first; at < end;) {
      const empty = emptyFrom(states, at, end);
      if (empty >= LEAST_GAP) {
        rows.push({ type: 'gap', text: `${empty.toLocaleString('en')} MiB empty` });
        at += empty;
        continue;
      }
      const until = nextGap(states, at, end);
      for (; at < until; at += columns) rows.push({ type: 'cells', first: at, count: Math.min(columns, until - at) });
      at = until;
    }
  }
  return rows;
}

function emptyFrom(states: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && states[at] === 0) at++;
  return at - from;
}

function nextGap(states: Uint8Array, from: number, end: number): number {
  for (let at = from; at < end;) {
    const empty = emptyFrom(states, at, end);
    if (empty >= LEAST_GAP) return at;
    at += Math.max(1, empty);
  }
  return end;
}

/** The nearest cell that differs, in a direction; undefined where there is none. */
export function nextChange(states: Uint8Array, from: number, step: 1 | -1): number | undefined {
  for (let at = from + step; at >= 0 && at < states.length; at += step) if (states[at]! >= CHANGED) return at;
  return undefined;
}

const CHANGED = STATES.indexOf('changed');
