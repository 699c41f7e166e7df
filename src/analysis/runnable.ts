/** Which targets are built, and which are run. */
import type { ActionNode, AnalysedTarget } from './action.ts';
import { fail } from '../model/diagnostic.ts';
import { Runnable } from '../model/kinds.ts';
import { parseLabel } from '../model/label.ts';
import type { Project } from './project.ts';

/** The action that `dsmb run` starts for a target; undefined for one that is built. */
export function runnableAction({ artifact }: AnalysedTarget): ActionNode | undefined {
  if (artifact.kind.name !== Runnable.name || artifact.origin.type !== 'action') return undefined;
  return artifact.origin.action;
}

/** The project without the runnables that a pattern took in. One that is named on its own is an error. */
export function buildable(project: Project, operands: readonly string[]): Project {
  const named = new Set<string>(operands.filter((one) => !one.endsWith('...')).map(parseLabel));
  const targets = project.targets.filter((target) => {
    if (!runnableAction(target)) return true;
    if (!named.has(target.label)) return false;
    return fail('RUNNABLE', `${target.label} is run, not built`, { hint: `dsmb run ${target.label}` });
  });
  return { ...project, targets };
}
