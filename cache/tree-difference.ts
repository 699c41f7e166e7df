/** Which paths two Merkle trees differ in. Only directories that differ are read. */
import { sameNode, type Node, type Trees } from './tree.ts';

export interface TreeDifference {
  /** Relative to the roots; empty for the roots themselves. */
  readonly path: string;
  readonly before: Node | undefined;
  readonly after: Node | undefined;
}

/** Differences in the order of paths; a folder that is on one side only is one difference. Takes as many as are asked for. */
export function* treeDifferences(
  trees: Trees,
  before: Node | undefined,
  after: Node | undefined,
  path = '',
): Generator<TreeDifference> {
  if (before && after && sameNode(before, after)) return;
  if (before?.type !== 'directory' || after?.type !== 'directory') return yield { path, before, after };
  const left = trees.entries(before.digest);
  const right = trees.entries(after.digest);
  for (const name of [...new Set([...left.keys(), ...right.keys()])].sort())
    yield* treeDifferences(trees, left.get(name), right.get(name), path === '' ? name : `${path}/${name}`);
}
