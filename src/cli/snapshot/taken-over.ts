/**
 * What a build that begins with the build files takes over from the last one of its family: that asked for the same
 * targets, with other values of parameters or other build files. An action that is word for word what it was, reads
 * nothing that has changed, and reads only what such actions make, is up to date.
 */
import { join } from 'node:path';
import type { Store } from '../../../cache/store.ts';
import type { Looks } from '../../../cache/ways.ts';
import { actionGraph } from '../../analysis/action-graph.ts';
import type { ActionNode } from '../../analysis/action.ts';
import { GraphWriter, RememberedGraph } from '../../analysis/remembered.ts';
import type { Settled } from '../../execute/progress.ts';
import { PARAMETERS_FILE } from '../../load/parameters.ts';
import type { Call } from '../command.ts';
import type { Project } from '../project.ts';
import { familyId } from '../request-id.ts';
import { wanted } from './keep.ts';
import { recallBuild, recallLast, settledOf, type Kept } from './memory.ts';
import { changedReadings, stands } from './standing.ts';

/** The actions of a project that are up to date by what the last build of its family has found. */
export function takenOver(call: Call, store: Store, project: Project): ReadonlyMap<ActionNode, Settled> {
  const last = recallLast(store, familyId(call));
  const kept = last === undefined ? undefined : recallBuild(store, last);
  if (!kept || !stands(kept.plan, readAgain(project))) return new Map();
  const graph = actionGraph(wanted(call, project).map(({ artifact }) => artifact));
  const open = openPlaces(kept, new GraphWriter(graph), store.looks);
  const settled = new Map<ActionNode, Settled>();
  if (!open) return settled;
  for (const [place, action] of graph.actions.entries())
    if (!open.has(place)) settled.set(action, settledOf(kept.state.results.at(place)!));
  return settled;
}

/** What this build has evaluated itself: how it differs shows in the actions. */
function readAgain({ root, loaded }: Project): ReadonlySet<string> {
  return new Set([...loaded.trace.modules, join(root, PARAMETERS_FILE)]);
}

/** The places of actions that are to be looked at; undefined where the two graphs do not have the same actions. */
function openPlaces(kept: Kept, { names, bodies }: GraphWriter, looks: Looks): ReadonlySet<number> | undefined {
  const { actions, readings } = kept.plan;
  if (actions.names.length !== names.length || !names.every((name, at) => name === actions.names.at(at))) return;
  const changed = [...bodies.keys()].filter((place) => bodies[place] !== actions.bodies.at(place));
  const readers = [...changedReadings(kept, looks)].flatMap((place) => readings[place]![1]);
  return new RememberedGraph(actions).reachedFrom([...changed, ...readers]);
}
