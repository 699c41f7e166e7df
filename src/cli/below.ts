/** The actions below targets. */
import { actionGraph, type ActionGraph } from '../analysis/action-graph.ts';
import type { ActionNode, AnalysedTarget } from '../analysis/action.ts';
import { validationsOf } from '../analysis/targets-below.ts';
import type { Request } from './project.ts';

/** The actions that a build of the targets looks at, each once, in an order in which they can run. */
export function actionsBelow(targets: readonly AnalysedTarget[], skipValidations = false): readonly ActionNode[] {
  return graphBelow({ targets }, skipValidations).actions;
}

/** The same, with what they read of each other, without those that are settled. */
export function graphBelow(
  { targets, settled }: Pick<Request, 'targets'> & Partial<Pick<Request, 'settled'>>,
  skipValidations = false,
): ActionGraph {
  const all = [...targets, ...(skipValidations ? [] : validationsOf(targets))];
  return actionGraph(
    all.map(({ artifact }) => artifact),
    settled,
  );
}

/** How many actions that is, counted by targets: those that nothing reads are in it, and it costs next to nothing. */
export function countBelow(
  { targets, settled }: Pick<Request, 'targets' | 'settled'>,
  skipValidations = false,
): number {
  const found = new Set([...targets, ...(skipValidations ? [] : validationsOf(targets))]);
  let count = settled.size;
  // What is added to a set while it is walked is walked, too.
  for (const { actions, dependencies } of found) {
    for (const action of actions) if (!settled.has(action)) count++;
    for (const one of dependencies) found.add(one);
  }
  return count;
}
