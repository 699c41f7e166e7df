/** Columns for a drawing: every node as far to the right as what uses it allows. */

export interface Edge {
  readonly from: string;
  readonly to: string;
}

/** The column of each node, from 0; an edge leads to a later column. The graph must have no cycle. */
export function layersOf(nodes: readonly string[], edges: readonly Edge[]): Map<string, number> {
  const users = new Map<string, string[]>(nodes.map((node) => [node, []]));
  for (const { from, to } of edges) users.get(from)?.push(to);
  const distances = new Map<string, number>();
  const distance = (node: string): number => {
    const known = distances.get(node);
    if (known !== undefined) return known;
    const found = Math.max(-1, ...(users.get(node) ?? []).map(distance)) + 1;
    distances.set(node, found);
    return found;
  };
  const last = Math.max(0, ...nodes.map(distance));
  return new Map(nodes.map((node) => [node, last - distance(node)]));
}
