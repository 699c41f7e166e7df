/** Keeps a build that began with the build files, for the next one of the same request to go on from. */
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
import { keepLast, keepPlan, keepState, resultLine, stateOf } from './memory.ts';
import { look } from './reading.ts';
import { isFresh, rowsOf, type Looks } from './rows.ts';

/** The targets of a call, then what gates them. */
export function wanted(call: Call, { targets }: Project): AnalysedTarget[] {
  return [...targets, ...(call.flag('skip-validations') ? [] : validationsOf(targets))];
}

/** Tells what the build rests on; undefined where there is no telling. */
export function keepBuild(
  call: Call,
  store: Store,
  project: Project,
  settledBy: (action: ActionNode) => Settled | undefined,
): RestedOn | undefined {
  const { root, targets, settings } = project;
  const all = wanted(call, project);
  const artifacts = all.map(({ artifact }) => artifact);
  const rests = gatherEvidence(call, store, project, artifacts);
  const rows = rests && rowsOf([...rests.base.seen]);
  if (!rests || !rows || isFresh(rows, performance.timeOrigin)) return undefined;
  const graph = actionGraph(artifacts);
  const writer = new GraphWriter(graph);
  const looks: Looks = new Map();
  const looked = rests.readings.map(({ reading }) => look(store, reading, looks));
  const id = keepPlan(store, project.id, {
    root,
    settings: settings(),
    targets: all.map(({ label, artifact }) => [label, writer.artifact(artifact)]),
    asked: targets.length,
    readings: rests.readings.map(({ reading, readers }) => [reading, [...readers].map((one) => writer.place(one))]),
    seen: [...rests.base.seen],
    present: [...rests.base.present],
    absent: [...rests.base.absent],
    rows,
    actions: writer,
  });
  keepState(
    store,
    project.id,
    id,
    stateOf(
      looked,
      graph.actions.map((action) => resultLine(settledBy(action)!)),
    ),
  );
  keepLast(store, familyId(call), project.id);
  return { base: rests.base, looked };
}
