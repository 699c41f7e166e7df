/** The nodes that can be reached from others. */
import type { Edges } from './edges.ts';

/** The start, and what it leads to in at most `depth` edges; `within` bounds where it may go. */
export function reach(
  edges: Edges,
  from: Iterable<string>,
  { depth = Infinity, within }: { depth?: number; within?: ReadonlySet<string> } = {},
): Set<string> {
  const inside = (node: string): boolean => within?.has(node) ?? true;
  const found = new Set([...from].filter(inside));
  let border = [...found];
  for (let level = 0; level < depth && border.length > 0; level++) {
    const next: string[] = [];
    for (const node of border)
      for (const to of edges.get(node) ?? []) {
        if (found.has(to) || !inside(to)) continue;
        found.add(to);
        next.push(to);
      }
    border = next;
  }
  return found;
}
