/** What a build leaves for `dsmb why`, `plan` and `log`: its record, and what the keys of its actions are made of. */
import { join } from 'node:path';
import type { Store } from '../../cache/store.ts';
import type { Explaining } from '../execute/elsewhere.ts';
import { PastRuns } from '../execute/schedule/past-runs.ts';
import type { PlannedAction } from '../plan/key.ts';
import { BuildHistory, historyFolder, historyFolders } from '../report/history/history.ts';
import { BuildRecorder } from '../report/history/recorder.ts';
import { keepForeignParts, keepParts, keptText } from '../report/kept-parts.ts';
import type { Scope } from '../ledger/scope.ts';

/** Begins the record of a build. */
export function recordBuild(store: Store, { root, targets, settings }: Scope): BuildRecorder {
  return new BuildRecorder(historyFolder(store, root), {
    workspace: root,
    asked: targets.map(({ label }) => label),
    parameters: settings(),
    startedAt: Date.now(),
  });
}

type Declaring = Pick<Scope, 'root' | 'declarationOf'>;

/** Keeps the parts of each action that is about to run. */
export function partsKeeper(store: Store, { root, declarationOf }: Declaring): (planned: PlannedAction) => void {
  return ({ key, parts, node }) => keepParts(store, root, key, { parts: parts(), declared: declarationOf(node) });
}

/** What other machines are told of keys, and what they tell of theirs. */
export function explaining(store: Store, { root, declarationOf }: Declaring): Explaining {
  return {
    describe: ({ parts, node }) => keptText(root, { parts: parts(), declared: declarationOf(node) }),
    keep: (key, description) => keepForeignParts(store, key.split('/')[0]!, description),
  };
}

/** The recorded builds of a project. */
export function openHistory(store: Store, { root }: Pick<Scope, 'root'>): BuildHistory {
  return new BuildHistory(historyFolder(store, root));
}

/** What the actions of a project took when they last ran: here, or else in another workspace, as in another clone. */
export function pastRuns(store: Store, { root }: Pick<Scope, 'root'>): PastRuns {
  const name = 'past-runs';
  const own = historyFolder(store, root);
  return new PastRuns(join(own, name), () => historyFolders(store).map((folder) => join(folder, name)));
}
