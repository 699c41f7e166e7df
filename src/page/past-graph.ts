/** What was made of what in a past build, as far as the store knows what the keys of its actions were made of. */
import type { Trees, Node } from '../../cache/tree.ts';
import type { PartOrigin } from '../plan/parts.ts';
import type { RecordedAction } from '../report/history/record.ts';
import { Makers, type BuildActions, type Made } from './artifacts/made.ts';

/** Of more actions nothing is looked up: it takes about a second for so many. */
const MOST_ACTIONS = 20_000;

/** By place, the places of the actions whose outputs each one has read. */
export function pastInputs(
  trees: Trees,
  made: Made,
  build: BuildActions,
  actions: readonly RecordedAction[],
): readonly (readonly number[])[] {
  if (actions.length > MOST_ACTIONS) return actions.map(() => []);
  const makers = new Makers(made, trees, build);
  return actions.map((action) => {
    const inputs = made.inputs(action) ?? [];
    return [...new Set(inputs.flatMap(({ node, origin }) => makersOf(trees, makers, origin, node)))];
  });
}

/** A composed folder has entries of several makers. */
function makersOf(trees: Trees, makers: Makers, origin: PartOrigin | undefined, node: Node | undefined): number[] {
  if (origin?.type === 'compose')
    return Object.entries(origin.entries).flatMap(([at, of]) =>
      makersOf(trees, makers, of, node && nodeAt(trees, node, at)),
    );
  const place = node && makers.of(origin, node);
  return place === undefined ? [] : [place];
}

/** Undefined where the store has lost the folder. */
function nodeAt(trees: Trees, node: Node, path: string): Node | undefined {
  try {
    return trees.lookup(node, path);
  } catch {
    return undefined;
  }
}
