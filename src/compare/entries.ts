/** Things with names in a container: what is missing, what is new, what stands elsewhere, and the pairs. */
import type { Finding } from './finding.ts';
import { printableName, quote } from './show.ts';

/** Findings about names, then what `each` finds about those on both sides. */
export async function* compareEntries<T>(
  noun: string,
  before: ReadonlyMap<string, T>,
  after: ReadonlyMap<string, T>,
  each: (name: string, before: T, after: T) => AsyncIterable<Finding> | Iterable<Finding>,
): AsyncGenerator<Finding> {
  for (const name of before.keys())
    if (!after.has(name)) yield { at: [printableName(name)], what: noun, before: 'there', after: 'missing' };
  for (const name of after.keys())
    if (!before.has(name)) yield { at: [printableName(name)], what: noun, before: 'missing', after: 'there' };
  for (const [name, left] of before) {
    const right = after.get(name);
    if (right !== undefined) yield* each(name, left, right);
  }
}

/** Where the order of those on both sides begins to differ. */
export function* compareOrder(noun: string, before: Iterable<string>, after: Iterable<string>): Generator<Finding> {
  const [first, second] = [[...before], [...after]];
  const [inFirst, inSecond] = [new Set(first), new Set(second)];
  const [a, b] = [first.filter((name) => inSecond.has(name)), second.filter((name) => inFirst.has(name))];
  const index = a.findIndex((name, place) => name !== b[place]);
  if (index < 0) return;
  yield { at: [], what: `order of ${noun}, place ${index + 1}`, before: quote(a[index]!), after: quote(b[index]!) };
}

/** Names by which things are kept apart, also where one name comes twice. */
export function keyed<T>(items: Iterable<readonly [name: string, item: T]>): Map<string, T> {
  const found = new Map<string, T>();
  const counts = new Map<string, number>();
  for (const [name, item] of items) {
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    found.set(count === 1 ? name : `${name} (${count})`, item);
  }
  return found;
}
