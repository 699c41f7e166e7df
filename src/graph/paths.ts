/** Paths between two sets of nodes. */
import { reverse, type Edges } from './edges.ts';
import { reach } from './reach.ts';

/** Every node on any path from one set to the other, ends included. */
export function allPaths(edges: Edges, from: Iterable<string>, to: Iterable<string>): Set<string> {
  return reach(edges, from).intersection(reach(reverse(edges), to));
}

/** One shortest path from one set to the other; empty where there is none. */
export function somePath(edges: Edges, from: Iterable<string>, to: ReadonlySet<string>): string[] {
  const cameFrom = new Map<string, string | undefined>([...from].map((node) => [node, undefined]));
  // A map is visited in the order of insertion, also while it grows: this is a breadth-first walk.
  for (const node of cameFrom.keys()) {
    if (to.has(node)) return trace(cameFrom, node);
    for (const next of edges.get(node) ?? []) if (!cameFrom.has(next)) cameFrom.set(next, node);
  }
  return [];
}

function trace(cameFrom: ReadonlyMap<string, string | undefined>, end: string): string[] {
  const path: string[] = [];
  for (let node: string | undefined = end; node !== undefined; node = cameFrom.get(node)) path.unshift(node);
  return path;
}
