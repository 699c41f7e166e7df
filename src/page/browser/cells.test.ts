import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CellRun } from '../../disk/index.ts';
import { nextChange, rowsOf, STATES, statesOf } from './cells.ts';

const run = fc.record({ state: fc.constantFrom(...STATES), count: fc.integer({ min: 1, max: 400 }) });

function mapOf(runs: readonly CellRun[], border: number) {
  const count = runs.reduce((sum, one) => sum + one.count, 0);
  const middle = Math.floor(count * border);
  const regions = [
    { name: 'p1', first: 0, end: middle },
    { name: 'p2', first: middle, end: count },
  ];
  return { size: count * 2 ** 20, runs, regions, others: [] };
}

test('every cell is in one row, unless it is one of many empty ones in a row', () => {
  fc.assert(
    fc.property(
      fc.array(run, { maxLength: 12 }),
      fc.integer({ min: 1, max: 90 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (runs, columns, border) => {
        const disk = mapOf(runs, border);
        const states = statesOf(disk);
        const rows = rowsOf(disk, states, columns);
        const seen = rows.flatMap((row) =>
          row.type === 'cells' ? Array.from({ length: row.count }, (_none, at) => row.first + at) : [],
        );
        expect(new Set(seen).size).toBe(seen.length);
        expect(seen).toEqual(seen.toSorted((a, b) => a - b));
        const left = [...states.keys()].filter((cell) => !seen.includes(cell));
        expect(left.every((cell) => states[cell] === 0)).toBe(true);
        const gaps = rows.flatMap((row) => (row.type === 'gap' ? [Number(row.text.replaceAll(/[^0-9]/g, ''))] : []));
        expect(gaps.reduce((sum, one) => sum + one, 0)).toBe(left.length);
      },
    ),
    { numRuns: 60 },
  );
});

test('changes are found in both directions', () => {
  const states = statesOf(
    mapOf(
      [
        { state: 'shared', count: 3 },
        { state: 'changed', count: 1 },
        { state: 'empty', count: 2 },
        { state: 'added', count: 1 },
      ],
      0,
    ),
  );
  expect([nextChange(states, -1, 1), nextChange(states, 3, 1), nextChange(states, 6, 1)]).toEqual([3, 6, undefined]);
  expect([nextChange(states, 6, -1), nextChange(states, 3, -1)]).toEqual([3, undefined]);
});
