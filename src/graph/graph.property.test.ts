/** Reachability, paths and queries against models that enumerate. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reverse, type Edges } from './edges.ts';
import { allPaths, somePath } from './paths.ts';
import { reach } from './reach.ts';
import { evaluate, type Queried } from './query/evaluate.ts';
import { parseQuery } from './query/parse.ts';

const NODES = ['a', 'b', 'c', 'd', 'e', 'f'];

/** Any graph over the nodes, circles included. */
const graphs: fc.Arbitrary<Edges> = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...NODES), fc.constantFrom(...NODES)), {
    selector: (edge) => edge.join(),
    maxLength: 12,
  })
  .map(
    (pairs) =>
      new Map(NODES.map((node) => [node, new Set(pairs.filter(([from]) => from === node).map(([, to]) => to))])),
  );
const subsets = fc.uniqueArray(fc.constantFrom(...NODES), { minLength: 1, maxLength: 3 });

/** Every path without a node twice, by trying them all. */
function simplePaths(edges: Edges, from: string, to: string, path: readonly string[] = [from]): string[][] {
  if (from === to) return [[...path]];
  return [...edges.get(from)!]
    .filter((next) => !path.includes(next))
    .flatMap((next) => simplePaths(edges, next, to, [...path, next]));
}

function shortest(edges: Edges, from: readonly string[], to: string): number {
  return Math.min(...from.flatMap((one) => simplePaths(edges, one, to).map((path) => path.length - 1)));
}

describe('reach', () => {
  it('finds what a path of at most that length leads to', () => {
    fc.assert(
      fc.property(graphs, subsets, fc.nat(4), (edges, from, depth) => {
        const expected = NODES.filter((node) => shortest(edges, from, node) <= depth);
        expect([...reach(edges, from, { depth })].sort()).toEqual(expected);
      }),
    );
  });

  it('stays within its bounds', () => {
    fc.assert(
      fc.property(graphs, subsets, subsets, (edges, from, bounds) => {
        const within = new Set(bounds);
        const cut: Edges = new Map(
          [...edges].map(([node, to]) => [node, within.has(node) ? to.intersection(within) : new Set()]),
        );
        expect(reach(edges, from, { within })).toEqual(
          reach(
            cut,
            from.filter((node) => within.has(node)),
          ),
        );
      }),
    );
  });

  it('turned round twice is the same', () => {
    fc.assert(fc.property(graphs, (edges) => void expect(reverse(reverse(edges))).toEqual(edges)));
  });
});

describe('paths', () => {
  it('all of them have exactly the nodes on any path', () => {
    fc.assert(
      fc.property(graphs, subsets, subsets, (edges, from, to) => {
        const connects = (a: readonly string[], b: readonly string[]): boolean =>
          a.some((one) => b.some((other) => simplePaths(edges, one, other).length > 0));
        const expected = NODES.filter((node) => connects(from, [node]) && connects([node], to));
        expect([...allPaths(edges, from, to)].sort()).toEqual(expected);
      }),
    );
  });

  it('one of them is real and shortest', () => {
    fc.assert(
      fc.property(graphs, subsets, subsets, (edges, from, to) => {
        const path = somePath(edges, from, new Set(to));
        const best = Math.min(...to.map((one) => shortest(edges, from, one)));
        expect(path.length - 1).toBe(best === Infinity ? -1 : best);
        for (const [index, node] of path.slice(1).entries()) expect(edges.get(path[index]!)!.has(node)).toBe(true);
      }),
    );
  });
});

describe('a query', () => {
  type Made = { readonly text: string; readonly value: ReadonlySet<string> };

  const queried = (edges: Edges): Queried => ({
    edges,
    resolve: (word) => [word],
    kinds: (node) => [node === 'a' || node === 'b' ? 'vowelish' : 'other', 'File'],
    attribute: (node, name) => (name === 'name' ? [node] : []),
    tests: (node) => (node === 'a' ? ['f'] : []),
  });

  /** Queries with the value that a direct calculation gives. */
  const queries = (edges: Edges): fc.Arbitrary<Made> =>
    fc.letrec<{ query: Made }>((tie) => ({
      query: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(...NODES).map((node): Made => ({ text: node, value: new Set([node]) })),
        fc
          .tuple(tie('query'), fc.constantFrom('+', 'union', '-', 'except', '^', 'intersect'), tie('query'))
          .map(([left, operator, right]): Made => ({
            text: `(${left.text}) ${operator} (${right.text})`,
            value: combine(left.value, operator, right.value),
          })),
        tie('query').map(({ text, value }): Made => ({ text: `deps(${text})`, value: reach(edges, value) })),
        fc.tuple(tie('query'), tie('query'), fc.nat(3)).map(([u, x, depth]): Made => ({
          text: `rdeps(${u.text}, ${x.text}, ${depth})`,
          value: reach(reverse(edges), x.value, { depth, within: reach(edges, u.value) }),
        })),
        tie('query').map(({ text, value }): Made => ({
          text: `kind('^vowel', ${text})`,
          value: value.intersection(new Set(['a', 'b'])),
        })),
        tie('query').map(({ text, value }): Made => ({
          text: `attr(name, "[cd]", ${text})`,
          value: value.intersection(new Set(['c', 'd'])),
        })),
        tie('query').map(({ text, value }): Made => ({
          text: `tests(${text})`,
          value: new Set(value.has('a') ? ['f'] : []),
        })),
      ),
    })).query;

  function combine(left: ReadonlySet<string>, operator: string, right: ReadonlySet<string>): ReadonlySet<string> {
    if (operator === '+' || operator === 'union') return new Set([...left, ...right]);
    const keep = operator === '^' || operator === 'intersect';
    return new Set([...left].filter((node) => right.has(node) === keep));
  }

  it('has the value that its parts give', () => {
    fc.assert(
      fc.property(
        graphs.chain((edges) => fc.tuple(fc.constant(edges), queries(edges))),
        ([edges, { text, value }]) => {
          expect([...evaluate(parseQuery(text), queried(edges))].sort()).toEqual([...value].sort());
        },
      ),
    );
  });

  it('groups operators to the left', () => {
    const edges: Edges = new Map(NODES.map((node) => [node, new Set<string>()]));
    expect([...evaluate(parseQuery('a - a + b'), queried(edges))]).toEqual(['b']);
    expect([...evaluate(parseQuery('set(a b c) - (a + b)'), queried(edges))]).toEqual(['c']);
  });
});
