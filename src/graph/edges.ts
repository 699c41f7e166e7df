/** A directed graph as plain data, and its reverse. */

/** For each node those that it leads to. Every node is a key. */
export type Edges = ReadonlyMap<string, ReadonlySet<string>>;

/** The same graph with every edge turned round. */
export function reverse(edges: Edges): Edges {
  const turned = new Map<string, Set<string>>([...edges.keys()].map((node) => [node, new Set()]));
  for (const [from, targets] of edges) for (const to of targets) turned.get(to)?.add(from);
  return turned;
}
