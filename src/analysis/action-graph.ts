/** The actions that artifacts are made by, and what they read of each other. */
import type { ActionNode, ArtifactReference } from './action.ts';

export interface ActionGraph {
  /** Each once, in an order in which they can run. */
  readonly actions: readonly ActionNode[];
  /** The actions whose outputs an action reads. */
  readonly dependencies: ReadonlyMap<ActionNode, readonly ActionNode[]>;
}

/** Actions that are known to be up to date. */
type Settled = Pick<ReadonlyMap<ActionNode, unknown>, 'has'>;

/** The graph of all that artifacts are made of, without actions that are up to date anyway and what only these read. */
export function actionGraph(artifacts: readonly ArtifactReference[], settled?: Settled): ActionGraph {
  const dependencies = new Map<ActionNode, readonly ActionNode[]>();
  const actions: ActionNode[] = [];
  // Not by recursion: a chain may be longer than the stack is deep.
  const makers = (of: readonly ArtifactReference[]): ActionNode[] =>
    makersOf(of).filter((action) => settled?.has(action) !== true);
  const open = makers(artifacts).map((action) => ({ action, next: 0 }));
  open.reverse();
  for (let last = open.at(-1); last; last = open.at(-1)) {
    const below = dependencies.get(last.action) ?? makers(inputsOf(last.action));
    dependencies.set(last.action, below);
    const next = below[last.next++];
    if (next === undefined) {
      open.pop();
      actions.push(last.action);
    } else if (!dependencies.has(next)) open.push({ action: next, next: 0 });
  }
  return { actions: [...new Set(actions)], dependencies };
}

/** Everything that an action reads. */
export function inputsOf(action: ActionNode): ArtifactReference[] {
  return [...action.inputs.values(), ...action.toolchains];
}

/** The actions that make artifacts directly, each once. */
export function makersOf(artifacts: Iterable<ArtifactReference>): ActionNode[] {
  const makers = new Set<ActionNode>();
  const visit = ({ origin }: ArtifactReference): void => {
    if (origin.type === 'action') makers.add(origin.action);
    if ('entries' in origin) origin.entries.forEach(visit);
  };
  for (const artifact of artifacts) visit(artifact);
  return [...makers];
}

/** For each action, how long what waits for it takes at least, by the durations of the longest way to the end. */
export function longestAfter(
  { actions, dependencies }: ActionGraph,
  durationOf: (action: ActionNode) => number,
): Map<ActionNode, number> {
  const after = new Map<ActionNode, number>();
  for (const action of actions.toReversed()) {
    const total = (after.get(action) ?? 0) + durationOf(action);
    for (const below of dependencies.get(action) ?? []) after.set(below, Math.max(after.get(below) ?? 0, total));
  }
  return after;
}
