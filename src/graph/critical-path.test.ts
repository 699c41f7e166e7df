/** What the time of a build was spent on. */
import { expect, test } from 'vitest';
import { criticalPath } from './critical-path.ts';

const ran = (name: string, start: number, end: number, waitedMs = 0, inputs: readonly string[] = []) => {
  return { name, start, end, waitedMs, inputs };
};

function pathOf(...runs: readonly ReturnType<typeof ran>[]): string[] {
  return criticalPath(runs, ({ inputs }) => runs.filter(({ name }) => inputs.includes(name))).map(({ name }) => name);
}

test('goes back from what ended last to the input that it waited for', () => {
  expect(pathOf(ran('a', 0, 10), ran('b', 0, 30), ran('c', 30, 40, 0, ['a', 'b']), ran('d', 0, 35))).toEqual([
    'b',
    'c',
  ]);
});

test('and to what had its place where it waited for the machine', () => {
  expect(pathOf(ran('a', 0, 10), ran('b', 0, 100), ran('c', 101, 140, 90, ['a']))).toEqual(['b', 'c']);
});

test('of nothing is nothing', () => {
  expect(pathOf()).toEqual([]);
});
