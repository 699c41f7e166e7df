/** A disk as cells of 1 MiB: which hold something, and which are not as on another disk. */
import { differingBlocks, type BlockSource } from './compare.ts';
import { blockCount } from './format.ts';

/**
 * `empty`: all zero. `data`: holds something, and is compared with nothing. The others are about another disk: `shared`
 * is the same there, `added` is empty there, and `removed` is empty here.
 */
export type CellState = 'empty' | 'data' | 'shared' | 'changed' | 'added' | 'removed';

/** Cells in a row that are in one state. */
export interface CellRun {
  readonly state: CellState;
  readonly count: number;
}

/** All cells of a disk, from its start; of a larger other disk, those behind the end are left out. */
export function cellRuns(disk: BlockSource, other?: BlockSource): CellRun[] {
  const there = new Set(disk.blocks());
  const before = new Set(other?.blocks());
  const differing = other ? [...differingBlocks(other, disk)] : [];
  const states = new Map<number, CellState>();
  for (const index of there) states.set(index, other ? 'shared' : 'data');
  for (const index of differing)
    states.set(index, !there.has(index) ? 'removed' : before.has(index) ? 'changed' : 'added');
  return runsOf(states, blockCount(disk.size));
}

function runsOf(states: ReadonlyMap<number, CellState>, count: number): CellRun[] {
  const runs: CellRun[] = [];
  const add = (state: CellState, more: number): void => {
    const last = runs.at(-1);
    if (more <= 0) return;
    if (last?.state === state) runs[runs.length - 1] = { state, count: last.count + more };
    else runs.push({ state, count: more });
  };
  let next = 0;
  for (const [index, state] of [...states].sort(([a], [b]) => a - b)) {
    if (index >= count) break;
    add('empty', index - next);
    add(state, 1);
    next = index + 1;
  }
  add('empty', count - next);
  return runs;
}
