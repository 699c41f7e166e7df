/** What machines have shown, within bounds. */
import { expect, test } from 'vitest';
import { Moments } from './moments.ts';

test('of too much some goes, and never the last picture of a machine', () => {
  const moments = new Moments();
  const picture = 'p'.repeat(10_000);
  moments.add({ place: 0, machine: 1, at: 0, picture });
  for (let at = 1; at < 5000; at++) moments.add({ place: 1, machine: 1, at, picture });
  const { kept } = moments;
  expect(kept.length).toBeLessThan(1000);
  expect(kept.length).toBeGreaterThan(100);
  expect(kept[0]).toMatchObject({ place: 0, at: 0 });
  expect(kept.at(-1)?.at).toBe(4999);
  expect(kept.map(({ at }) => at)).toEqual(kept.map(({ at }) => at).toSorted((a, b) => a - b));
});

test('of more machines than there is room for, those stay that showed something last', () => {
  const moments = new Moments();
  const picture = 'p'.repeat(200_000);
  for (let at = 0; at < 100; at++) moments.add({ place: at, machine: 1, at, picture });
  const { kept } = moments;
  expect(kept.length).toBeLessThan(32);
  expect(kept.length).toBeGreaterThan(16);
  expect(kept.map(({ at }) => at)).toEqual(kept.map((_one, index) => 100 - kept.length + index));
  expect(moments.takeNew()).toEqual(kept);
});

test('moments that show next to nothing are bounded as well', () => {
  const moments = new Moments();
  for (let at = 0; at < 100_000; at++) moments.add({ place: 0, machine: 1, at, console: '' });
  expect(moments.kept.length).toBeLessThan(40_000);
});

test('each is told once', () => {
  const moments = new Moments();
  moments.add({ place: 0, machine: 1, at: 0, console: 'a' });
  expect(moments.takeNew()).toHaveLength(1);
  expect(moments.takeNew()).toEqual([]);
});
