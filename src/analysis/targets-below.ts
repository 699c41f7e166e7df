/** Which targets and actions a build of targets is about. */
import { actionGraph, type ActionGraph } from './action-graph.ts';
import type { AnalysedTarget } from './action.ts';

/** The validations of targets and of everything that they are made of. */
export function validationsOf(targets: readonly AnalysedTarget[]): AnalysedTarget[] {
  const found = new Set(targetsBelow(targets).flatMap(({ validations }) => validations));
  return [...found].filter((one) => !targets.includes(one));
}

/** Targets with all that they are made of, and all that gates any of these. */
export function targetsBelow(targets: readonly AnalysedTarget[], withValidations = true): AnalysedTarget[] {
  const found = new Set(targets);
  for (const { dependencies, validations } of found)
    for (const one of withValidations ? [...dependencies, ...validations] : dependencies) found.add(one);
  return [...found];
}

/** The actions that a build of targets looks at. */
export function graphBelow(targets: readonly AnalysedTarget[], skipValidations = false): ActionGraph {
  const all = [...targets, ...(skipValidations ? [] : validationsOf(targets))];
  return actionGraph(all.map(({ artifact }) => artifact));
}
