/** What a build leaves for `dsmb why`, `plan` and `log`: its record, and what the keys of its actions are made of. */
import { join } from 'node:path';
import type { Store } from '../../cache/store.ts';
import { declarationOf } from '../analysis/declaration.ts';
import { PastRuns } from '../execute/past-runs.ts';
import type { PlannedAction } from '../plan/key.ts';
import { BuildHistory, historyFolder } from '../report/history/history.ts';
import { BuildRecorder } from '../report/history/recorder.ts';
import { keepParts } from '../report/kept-parts.ts';
import type { Project } from './project.ts';
import { formatValue } from './values.ts';

/** Begins the record of a build. */
export function recordBuild(store: Store, { root, loaded, parameters, targets }: Project): BuildRecorder {
  const values = [...loaded.parameters].map(([name, declared]) => {
    const parameter = declared.type === 'target' ? declared.parameter : declared;
    const value = parameters.has(parameter) ? parameters.get(parameter) : parameter.default;
    return [name, formatValue(value, loaded)] as const;
  });
  return new BuildRecorder(historyFolder(store, root), {
    workspace: root,
    asked: targets.map(({ label }) => label),
    parameters: Object.fromEntries(values),
    startedAt: Date.now(),
  });
}

/** Keeps the parts of each action that is about to run. */
export function partsKeeper(store: Store, { loaded, parameters }: Project): (planned: PlannedAction) => void {
  return ({ key, parts, node }) =>
    keepParts(store, key, { parts: parts(), declared: declarationOf(node.target, loaded, parameters) });
}

/** The recorded builds of a project. */
export function openHistory(store: Store, { root }: Pick<Project, 'root'>): BuildHistory {
  return new BuildHistory(historyFolder(store, root));
}

/** What the actions of a project took when they last ran. */
export function pastRuns(store: Store, { root }: Pick<Project, 'root'>): PastRuns {
  return new PastRuns(join(historyFolder(store, root), 'past-runs'));
}
