/** Keeps a build that began with the build files, for the next one of the same request to go on from. */
import { areBelievable, stampsOf } from '../../../cache/stamps.ts';
import type { Store } from '../../../cache/store.ts';
import { actionGraph } from '../../analysis/action-graph.ts';
import type { ActionNode, AnalysedTarget } from '../../analysis/action.ts';
import { GraphWriter } from '../../analysis/remembered.ts';
import { validationsOf } from '../../analysis/targets-below.ts';
import type { Settled } from '../../execute/progress.ts';
import type { Call } from '../command.ts';
import type { Project } from '../project.ts';
import { familyId } from '../request-id.ts';
import type { RestedOn } from './evidence.ts';
import { gatherEvidence } from './gather.ts';
import { keepLast, keepPlan, keepState, resultLine, stateOf, type Plan } from './memory.ts';
import { look } from './reading.ts';

/** The targets of a call, then what gates them. */
export function wanted(call: Call, { targets }: Project): AnalysedTarget[] {
  return [...targets, ...(call.flag('skip-validations') ? [] : validationsOf(targets))];
}

/** Keeps what the actions gave, and tells what the build rests on. */
export type Keep = (settledBy: (action: ActionNode) => Settled | undefined) => RestedOn;

/**
 * Looks at what a build rests on: once all its actions are planned, since only then is it known which modules make a
 * step. Undefined where there is no telling.
 */
export function prepareToKeep(call: Call, store: Store, project: Project): Keep | undefined {
  const { root, targets, settings } = project;
  const all = wanted(call, project);
  const artifacts = all.map(({ artifact }) => artifact);
  const rests = gatherEvidence(call, store, project, artifacts);
  const stamps = rests && stampsOf([...rests.base.seen], rests.base.looks.stamp);
  if (!rests || !stamps || !areBelievable(stamps, performance.timeOrigin)) return undefined;
  const graph = actionGraph(artifacts);
  const writer = new GraphWriter(graph);
  const looked = rests.readings.map(({ reading }) => look(store, reading));
  const plan: Plan = {
    root,
    settings: settings(),
    targets: all.map(({ label, artifact }) => [label, writer.artifact(artifact)]),
    asked: targets.length,
    readings: rests.readings.map(({ reading, readers }) => [reading, [...readers].map((one) => writer.place(one))]),
    seen: [...rests.base.seen],
    present: [...rests.base.present],
    stamps,
    actions: writer,
  };
  return (settledBy) => {
    const results = graph.actions.map((action) => resultLine(settledBy(action)!));
    const id = keepPlan(store, project.id, plan);
    keepState(store, project.id, id, stateOf(looked, results));
    keepLast(store, familyId(call), project.id);
    return { base: plan, looked };
  };
}
