/**
 * A build that goes on from the last one of the same request: of its graph, only what a change of sources reaches is
 * looked at. Where anything else has changed, a build begins with the build files.
 */
import { stampsAt } from '../../../cache/stamps.ts';
import type { Store } from '../../../cache/store.ts';
import type { ActionNode, AnalysedTarget } from '../../analysis/action.ts';
import type { Declaration } from '../../analysis/declaration.ts';
import { RememberedGraph, type RememberedAction } from '../../analysis/remembered.ts';
import type { Settled } from '../../execute/progress.ts';
import type { Digest } from '../../model/digest.ts';
import { readParts } from '../../report/kept-parts.ts';
import type { Request } from '../project.ts';
import type { RestedOn } from './evidence.ts';
import { keepState, recallBuild, settledOf, stateOf, resultLine, type Kept, type State } from './memory.ts';
import { look, type Looked } from './reading.ts';
import { changedReadings, stands } from './standing.ts';

export class Resumed {
  readonly request: Request;
  readonly #store: Store;
  readonly #name: string;
  readonly #kept: Kept;
  readonly #graph: RememberedGraph;
  /** Places of the readings that have changed. */
  readonly #changed: ReadonlySet<number>;
  /** Places of the actions that are to be looked at. */
  readonly #open: ReadonlySet<number>;

  private constructor(store: Store, name: string, kept: Kept, start: number) {
    this.#store = store;
    this.#name = name;
    this.#kept = kept;
    this.#graph = new RememberedGraph(kept.plan.actions);
    this.#changed = changedReadings(kept, store.looks);
    const targets = this.#targets();
    this.#open = this.#graph.reachedFrom(this.#readers());
    const { root, settings } = kept.plan;
    this.request = {
      id: name,
      root,
      targets: this.#withActions(targets),
      settings: () => settings,
      declarationOf: (action) => this.#declarationOf(action as RememberedAction),
      settled: this.#settled(),
      keysBefore: new Map([...this.#open].map((place) => [this.#graph.action(place), this.#keyBefore(place)])),
      times: [['resume', start, performance.now()]],
    };
  }

  /** Undefined where there was no such build, or where something has changed that may change its graph. */
  static open(store: Store, name: string): Resumed | undefined {
    const start = performance.now();
    const kept = recallBuild(store, name);
    return kept && stands(kept.plan) ? new Resumed(store, name, kept, start) : undefined;
  }

  /** Keeps what the build has found and made, for the next one, and tells what it rests on. */
  save(settledBy: (action: ActionNode) => Settled | undefined): RestedOn {
    const { plan, id, state } = this.#kept;
    const looked = lookedBefore(state);
    for (const place of this.#changed) looked[place] = look(this.#store, plan.readings[place]![0]);
    const made = [...this.#open, ...this.#madeAgain(settledBy)];
    const results = [...state.results];
    for (const place of made) results[place] = resultLine(settledBy(this.#graph.action(place))!);
    if (this.#changed.size > 0 || made.length > 0) keepState(this.#store, this.#name, id, stateOf(looked, results));
    return { base: plan, looked };
  }

  /** Places of actions that were settled until it turned out that the store has lost what they gave. */
  *#madeAgain(settledBy: (action: ActionNode) => Settled | undefined): Generator<number> {
    for (const [action, settled] of this.request.settled)
      if (settledBy(action) !== settled) yield (action as RememberedAction).place;
  }

  #targets(): AnalysedTarget[] {
    const { targets, asked } = this.#kept.plan;
    const all = targets.map(([label, artifact]) => ({
      label,
      artifact: this.#graph.artifact(artifact),
      actions: [],
      validations: [] as AnalysedTarget[],
      dependencies: [],
    }));
    all[0]?.validations.push(...all.slice(asked));
    return all.slice(0, asked);
  }

  /** Which target they belong to makes no difference to a build: it asks for their number. */
  #withActions([first, ...others]: readonly AnalysedTarget[]): AnalysedTarget[] {
    if (!first) return [];
    return [{ ...first, actions: [...this.#open].map((place) => this.#graph.action(place)) }, ...others];
  }

  *#readers(): Generator<number> {
    for (const place of this.#changed) yield* this.#kept.plan.readings[place]![1];
  }

  #settled(): Map<ActionNode, Settled> {
    const settled = new Map<ActionNode, Settled>();
    let place = 0;
    for (const line of this.#kept.state.results) {
      if (!this.#open.has(place)) settled.set(this.#graph.action(place), settledOf(line));
      place++;
    }
    return settled;
  }

  #keyBefore(place: number): Digest {
    return settledOf(this.#kept.state.results.at(place)!).key;
  }

  /** The build files have not changed: it is what the explanation of the last run says. */
  #declarationOf({ place, target }: RememberedAction): Declaration {
    const { rule, location } = target;
    return (
      readParts(this.#store, this.#kept.plan.root, this.#keyBefore(place).hash)?.declared ?? {
        rule: rule.name,
        ...(location ? { location } : {}),
        attributes: {},
      }
    );
  }
}

function lookedBefore({ paths, stamps }: State): Looked[] {
  let first = 0;
  return paths.map((of) => {
    const looked = { paths: of, stamps: stampsAt(stamps, first, of.length) };
    first += of.length;
    return looked;
  });
}
