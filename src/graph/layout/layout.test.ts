/** Drawings: nothing overlaps, lines go to the right, and little crosses. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layersOf } from './layers.ts';
import { layOut } from './layout.ts';
import { crossings, orderRows } from './rows.ts';
import { spread } from './spread.ts';

/** Graphs without circles: edges lead to higher numbers. */
const graphs = fc.integer({ min: 1, max: 12 }).chain((count) => {
  const node = fc.nat(count - 1);
  return fc.record({
    nodes: fc.constant(Array.from({ length: count }, (_none, index) => `n${index}`)),
    edges: fc
      .uniqueArray(fc.tuple(node, node), { selector: (edge) => edge.join(), maxLength: 24 })
      .map((pairs) =>
        pairs.filter(([from, to]) => from < to).map(([from, to]) => ({ from: `n${from}`, to: `n${to}` })),
      ),
  });
});

describe('a drawing', () => {
  it('has boxes that do not overlap, in the picture, and lines from side to side', () => {
    fc.assert(
      fc.property(graphs, ({ nodes, edges }) => {
        const drawing = layOut(
          nodes.map((name, index) => ({ name, width: 60 + 10 * (index % 3), height: 20 + 10 * (index % 2) })),
          edges,
        );
        const boxes = [...drawing.boxes.values()];
        for (const [index, one] of boxes.entries()) {
          expect(one.x - one.width / 2).toBeGreaterThanOrEqual(0);
          expect(one.x + one.width / 2).toBeLessThanOrEqual(drawing.width);
          expect(one.y - one.height / 2).toBeGreaterThanOrEqual(-1e-6);
          expect(one.y + one.height / 2).toBeLessThanOrEqual(drawing.height + 1e-6);
          for (const other of boxes.slice(index + 1)) {
            const apart =
              Math.abs(one.x - other.x) >= (one.width + other.width) / 2 ||
              Math.abs(one.y - other.y) >= (one.height + other.height) / 2;
            expect(apart).toBe(true);
          }
        }
        for (const [index, line] of drawing.lines.entries()) {
          const [from, to] = [drawing.boxes.get(edges[index]!.from)!, drawing.boxes.get(edges[index]!.to)!];
          expect(line.at(0)).toEqual({ x: from.x + from.width / 2, y: from.y });
          expect(line.at(-1)).toEqual({ x: to.x - to.width / 2, y: to.y });
          for (const [at, point] of line.slice(1).entries()) expect(point.x).toBeGreaterThanOrEqual(line[at]!.x);
        }
      }),
    );
  });

  it('of nothing is empty', () => {
    expect(layOut([], [])).toMatchObject({ width: 0, height: 0, lines: [] });
  });
});

it('a node stands in the column before the first that uses it', () => {
  fc.assert(
    fc.property(graphs, ({ nodes, edges }) => {
      const layers = layersOf(nodes, edges);
      for (const node of nodes) {
        const users = edges.filter(({ from }) => from === node).map(({ to }) => layers.get(to)!);
        if (users.length > 0) expect(layers.get(node)).toBe(Math.min(...users) - 1);
      }
    }),
  );
});

it('ordering unties what can be untied, and never adds crossings', () => {
  const edges = ['a', 'b', 'c'].map((name) => ({ from: name, to: name.toUpperCase() }));
  expect(
    crossings(
      orderRows(
        [
          ['a', 'b', 'c'],
          ['C', 'A', 'B'],
        ],
        edges,
      ),
      edges,
    ),
  ).toBe(0);
});

describe('spreading', () => {
  it('keeps the gaps, and the wishes where they do not collide', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 1, maxLength: 8 }), (wishes) => {
        const placed = spread(
          wishes,
          wishes.map(() => 1),
          wishes.map(() => 10),
        );
        for (const [index, at] of placed.slice(1).entries())
          expect(at - placed[index]!).toBeGreaterThanOrEqual(10 - 1e-9);
        const free = wishes.slice(1).every((wish, index) => wish - wishes[index]! >= 10);
        if (free) placed.forEach((at, index) => expect(at).toBeCloseTo(wishes[index]!, 9));
      }),
    );
  });
});
