/**
 * A build that goes on from the last one of the same request: of its graph, only what a change of sources reaches is
 * looked at.
 */
import type { Store } from '../../cache/store.ts';
import type { ActionNode, LabelledArtifact } from '../analysis/action.ts';
import type { Declaration } from '../analysis/declaration.ts';
import type { Settled } from '../execute/progress.ts';
import { readParts } from '../report/kept-parts.ts';
import { isBecause, type Because } from './because.ts';
import { resultLine, settledOf, type Entry } from './entry.ts';
import type { Ledger } from './ledger.ts';
import type { Opened, SettledBy } from './opened.ts';
import { look } from './readings.ts';
import type { Scope } from './scope.ts';
import { standing, type Standing } from './up-to-date.ts';
import type { ReadAction, ReadGraph } from './words.ts';

/** What a build goes on from; undefined where no build has left anything, or why it cannot. */
export function resume(ledger: Ledger): (Opened & { readonly open: number }) | Because | undefined {
  const start = performance.now();
  const entry = ledger.entry();
  if (!entry || isBecause(entry)) return entry;
  const now = standing(entry, ledger.store.looks);
  if (isBecause(now)) return now;
  const resumed = new Resumed(ledger.store, entry, now);
  return {
    scope: { ...resumed.scope(), times: [['resume', start, performance.now()]] },
    notes: [],
    open: now.open.size,
    leave: (settledBy) => resumed.leave(settledBy),
  };
}

class Resumed {
  readonly #store: Store;
  readonly #entry: Entry;
  readonly #now: Standing;
  readonly #graph: ReadGraph;
  readonly #settled = new Map<ActionNode, Settled>();

  constructor(store: Store, entry: Entry, now: Standing) {
    this.#store = store;
    this.#entry = entry;
    this.#now = now;
    this.#graph = now.graph;
    let place = 0;
    for (const line of entry.results) {
      if (!now.open.has(place)) this.#settled.set(this.#graph.action(place), settledOf(line));
      place++;
    }
  }

  scope(): Omit<Scope, 'times'> {
    const { root, settings, targets, gates, words } = this.#entry;
    const artifacts = (of: typeof gates | typeof targets): LabelledArtifact[] =>
      of.map(([label, artifact]) => ({ label, artifact: this.#graph.artifact(artifact) }));
    const below = new Map(targets.map(([label, , places]) => [label, places]));
    return {
      ...{ root, targets: artifacts(targets), gates: artifacts(gates), warnings: [] },
      actions: words.names.length,
      settled: this.#settled,
      settings: () => settings,
      declarationOf: (action) => this.#declarationOf(action as ReadAction),
      actionsOf: (label) => (below.get(label) ?? []).map((place) => this.#graph.action(place)),
    };
  }

  /** What the build has found and made takes the place of what was there before. */
  leave(settledBy: SettledBy): Entry {
    const { readings, looked, results } = this.#entry;
    const { changed, open } = this.#now;
    const made = [...open, ...this.#madeAgain(settledBy)];
    if (changed.size === 0 && made.length === 0) return this.#entry;
    const lines = [...results];
    for (const place of made) lines[place] = resultLine(settledBy(this.#graph.action(place))!);
    const seen = looked.map((one, place) => (changed.has(place) ? look(this.#store, readings[place]![0]) : one));
    return { ...this.#entry, looked: seen, results: lines };
  }

  /** Places of actions that were settled until it turned out that the store has lost what they gave. */
  #madeAgain(settledBy: SettledBy): number[] {
    const again = [...this.#settled].filter(([action, settled]) => settledBy(action) !== settled);
    return again.map(([action]) => (action as ReadAction).place);
  }

  /** The build files have not changed: it is what the explanation of the last run says. */
  #declarationOf({ place, call: { rule, location } }: ReadAction): Declaration {
    const { key } = settledOf(this.#entry.results.at(place)!);
    const known = readParts(this.#store, this.#entry.root, key.hash)?.declared;
    return known ?? { rule, ...(location ? { location } : {}), attributes: {} };
  }
}
