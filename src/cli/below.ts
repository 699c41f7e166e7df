/** The actions below targets, each once, in an order in which they can run. */
import type { ActionNode, AnalysedTarget, ArtifactReference } from '../analysis/action.ts';
import { validationsOf } from '../execute/build.ts';

/** The actions that a build of the targets looks at, those of validations last. */
export function actionsBelow(targets: readonly AnalysedTarget[], skipValidations = false): ActionNode[] {
  const found = new Set<ActionNode>();
  const visit = (reference: ArtifactReference): void => {
    const { origin } = reference;
    if ('entries' in origin) origin.entries.forEach(visit);
    if (origin.type !== 'action' || found.has(origin.action)) return;
    inputsOf(origin.action).forEach(visit);
    found.add(origin.action);
  };
  for (const target of [...targets, ...(skipValidations ? [] : validationsOf(targets))]) visit(target.artifact);
  return [...found];
}

/** Everything that an action reads. */
export function inputsOf(action: ActionNode): ArtifactReference[] {
  return [...action.inputs.values(), ...action.toolchains];
}
