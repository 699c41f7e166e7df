/** Where the map shows each action. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { columnsOf, layoutOf } from './layout.ts';

/** Graphs as builds have them: what an action reads may stand before or behind it, and there is no cycle. */
const anyGraph = fc.array(fc.array(fc.nat(1000), { maxLength: 4 }), { maxLength: 120 }).chain((raw) =>
  fc.shuffledSubarray([...raw.keys()], { minLength: raw.length, maxLength: raw.length }).map((order) => {
    const inputs: number[][] = raw.map(() => []);
    for (const [index, place] of order.entries())
      inputs[place] = index === 0 ? [] : [...new Set(raw[place]!.map((one) => order[one % index]!))];
    return inputs;
  }),
);

test('what an action is made of stands left of it, and no two stand in one place', () => {
  fc.assert(
    fc.property(
      anyGraph,
      fc.integer({ min: 200, max: 2000 }),
      fc.integer({ min: 100, max: 1200 }),
      (inputs, width, height) => {
        const { cells } = layoutOf(inputs, width, height);
        for (const [place, of] of inputs.entries())
          for (const input of of) expect(cells[input]!.x).toBeLessThan(cells[place]!.x);
        expect(new Set(cells.map(({ x, y }) => `${x} ${y}`)).size).toBe(inputs.length);
      },
    ),
  );
});

test('a few actions have their names; very many fit on the screen all the same', () => {
  const chain = Array.from({ length: 20 }, (_none, place) => (place > 0 ? [place - 1] : []));
  expect(layoutOf(chain, 1000, 600).named).toBe(true);
  const wide = Array.from({ length: 10_000 }, (_none, place) => (place % 100 === 0 ? [] : [place - 1]));
  const layout = layoutOf(wide, 1000, 600);
  expect(layout.named).toBe(false);
  expect(layout.width).toBeLessThanOrEqual(1000);
  for (const { y } of layout.cells) expect(y + layout.cellHeight).toBeLessThanOrEqual(600);
});

test('a chain may be longer than the stack is deep', () => {
  const long = Array.from({ length: 100_000 }, (_none, place) => (place > 0 ? [place - 1] : []));
  expect(columnsOf(long).at(-1)).toBe(99_999);
  const reversed = long.toReversed().map((inputs) => inputs.map((one) => long.length - 1 - one));
  expect(columnsOf(reversed).at(0)).toBe(99_999);
});
