/** The order of nodes in each column, with few crossings: barycentres, swept to and fro (Sugiyama). */
import type { Edge } from './layers.ts';

const SWEEPS = 12;

/** Sorts each column; `edges` lead from one column to the next. Of all sweeps the one with the fewest crossings counts. */
export function orderRows(columns: readonly (readonly string[])[], edges: readonly Edge[]): string[][] {
  let best = columns.map((column) => [...column]);
  let fewest = crossings(best, edges);
  let current = best;
  for (let sweep = 0; sweep < SWEEPS && fewest > 0; sweep++) {
    current = sweepOnce(current, edges, sweep % 2 === 0);
    const count = crossings(current, edges);
    if (count < fewest) [best, fewest] = [current, count];
  }
  return best;
}

function sweepOnce(columns: readonly string[][], edges: readonly Edge[], forward: boolean): string[][] {
  const sorted = columns.map((column) => [...column]);
  const indexes = forward ? sorted.keys().drop(1) : [...sorted.keys()].toReversed().slice(1);
  for (const index of indexes) {
    const beside = new Map(sorted[index + (forward ? -1 : 1)]!.map((node, row) => [node, row]));
    const centres = barycentres(sorted[index]!, edges, beside, forward);
    sorted[index]!.sort((a, b) => centres.get(a)! - centres.get(b)!);
  }
  return sorted;
}

/** The mean row of the neighbours in the column beside; a node without any keeps its own. */
function barycentres(
  column: readonly string[],
  edges: readonly Edge[],
  beside: ReadonlyMap<string, number>,
  forward: boolean,
): Map<string, number> {
  const rows = new Map<string, number[]>(column.map((node) => [node, []]));
  for (const { from, to } of edges) {
    const [node, neighbour] = forward ? [to, from] : [from, to];
    const row = beside.get(neighbour);
    if (row !== undefined) rows.get(node)?.push(row);
  }
  return new Map(column.map((node, own) => [node, mean(rows.get(node)!) ?? own]));
}

function mean(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** How many pairs of edges cross. */
export function crossings(columns: readonly (readonly string[])[], edges: readonly Edge[]): number {
  const row = new Map(columns.flatMap((column) => column.map((node, index) => [node, index] as const)));
  const column = new Map(columns.flatMap((nodes, index) => nodes.map((node) => [node, index] as const)));
  let count = 0;
  for (const [index, one] of edges.entries())
    for (const other of edges.slice(index + 1)) {
      if (column.get(one.from) !== column.get(other.from)) continue;
      const left = row.get(one.from)! - row.get(other.from)!;
      const right = row.get(one.to)! - row.get(other.to)!;
      if (left * right < 0) count++;
    }
  return count;
}
