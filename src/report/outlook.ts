/** How much of a build is left, by what its actions took when they last ran. */
import type { ActionGraph } from '../analysis/action-graph.ts';
import type { Place } from '../execute/schedule/leaving.ts';
import { actionId, type ActionIdentity, type BuildEvent } from '../model/event.ts';

/** What is left to do, as far as past runs tell. */
export interface Remaining {
  /** At least this long, in milliseconds. */
  readonly ms: number;
  /** Actions that never ran before, and are not in the time. */
  readonly untimed: number;
  /** The longest way to the end, beginning with what runs now. */
  readonly criticalPath: readonly ActionIdentity[];
}

/** How long an action took when it last ran in a place; in the one where it is likely to run, where none is named. */
type PastMs = (action: ActionIdentity, place?: Place) => number | undefined;

/**
 * Follows a build. What depends on something that runs, or is about to, is taken to run, too, until it turns out to be cached; all else
 * that has not ended is taken to be cached.
 */
export class Outlook {
  readonly #graph: () => ActionGraph;
  readonly #pastMs: PastMs;
  readonly #slots: number;
  #index: Index | undefined;
  /** What runs, by when and where it began, and what is about to. */
  readonly #open = new Map<number, { readonly since: number; readonly place: Place } | undefined>();

  /** The graph is asked for when something runs. `slots`: how many actions can run at a time. */
  constructor(graph: () => ActionGraph, pastMs: PastMs, slots: number) {
    this.#graph = graph;
    this.#pastMs = pastMs;
    this.#slots = slots;
  }

  readonly listen = (event: BuildEvent): void => {
    if (event.type === 'action-queued') this.#open.set(this.#place(event), undefined);
    else if (event.type === 'action-started') this.#begun(event);
    else if (event.type === 'action-finished' && this.#open.size > 0) this.#open.delete(this.#place(event));
  };

  /** How long an action took when it last ran where it runs now. */
  pastMs(action: ActionIdentity): number | undefined {
    return this.#pastMs(action, this.#open.get(this.#place(action))?.place);
  }

  remaining(now = performance.now()): Remaining {
    const index = this.#indexed();
    const { work, untimed, last, endsIn, waitsFor } = this.#lookAhead(index, now);
    const criticalPath: ActionIdentity[] = [];
    for (let one = last; one >= 0; one = waitsFor[one]!) criticalPath.push(index.actions[one]!);
    criticalPath.reverse();
    return { ms: Math.max(work / this.#slots, endsIn[last] ?? 0), untimed, criticalPath };
  }

  #lookAhead({ actions, dependencies }: Index, now: number): Ahead {
    const runs = new Uint8Array(actions.length);
    const endsIn = new Float64Array(actions.length);
    const waitsFor = new Int32Array(actions.length);
    let [work, untimed, last] = [0, 0, -1];
    for (let one = 0; one < actions.length; one++) {
      const below = dependencies[one]!.filter((dependency) => runs[dependency]);
      if (!this.#open.has(one) && below.length === 0) continue;
      const open = this.#open.get(one);
      const past = this.#pastMs(actions[one]!, open?.place);
      const left = Math.max(0, (past ?? 0) - (now - (open?.since ?? now)));
      const longest = below.reduce((a, b) => (a >= 0 && endsIn[a]! >= endsIn[b]! ? a : b), -1);
      runs[one] = 1;
      waitsFor[one] = longest;
      endsIn[one] = left + (endsIn[longest] ?? 0);
      work += left;
      if (past === undefined) untimed++;
      if (last < 0 || endsIn[one]! >= endsIn[last]!) last = one;
    }
    return { work, untimed, last, endsIn, waitsFor };
  }

  #begun(event: BuildEvent & { type: 'action-started' }): void {
    this.#open.set(this.#place(event), { since: performance.now(), place: event.remote ? 'remote' : 'here' });
  }

  #place(action: ActionIdentity): number {
    return this.#indexed().places.get(actionId(action)) ?? -1;
  }

  /** Made only when something runs: a build with nothing to do has no use for it. */
  #indexed(): Index {
    return (this.#index ??= indexOf(this.#graph()));
  }
}

/** What is still to run, by the numbers of its actions. */
interface Ahead {
  /** Of all together, in milliseconds. */
  readonly work: number;
  readonly untimed: number;
  /** The one that ends last; -1 when nothing runs. */
  readonly last: number;
  /** When each ends at the earliest. */
  readonly endsIn: Float64Array;
  /** The one before it on the longest way; -1 for the first. */
  readonly waitsFor: Int32Array;
}

/** The graph by numbers; what an action waits for stands before it. */
interface Index {
  readonly actions: readonly ActionIdentity[];
  readonly dependencies: readonly (readonly number[])[];
  readonly places: ReadonlyMap<string, number>;
}

function indexOf({ actions, dependencies }: ActionGraph): Index {
  const place = new Map(actions.map((action, index) => [action, index]));
  return {
    actions,
    dependencies: actions.map((action) => dependencies.get(action)!.map((below) => place.get(below)!)),
    places: new Map(actions.map((action, index) => [actionId(action), index])),
  };
}
