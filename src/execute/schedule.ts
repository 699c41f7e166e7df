/** When actions run: the longest way to the end first, as many at a time as the machine carries. */
import { longestAfter, type ActionGraph } from '../analysis/action-graph.ts';
import type { ActionNode } from '../analysis/action.ts';
import type { PastRuns } from './past-runs.ts';
import { Resources } from './resources.ts';
import type { Usage } from './usage.ts';
import { machineHas, wantedBy } from './wanted.ts';

export class Schedule {
  readonly #resources: Resources;
  readonly #past: PastRuns | undefined;
  #graph: ActionGraph = { actions: [], dependencies: new Map() };
  #after: ReadonlyMap<ActionNode, number> | undefined;

  /** For a store's folder. With `jobs`, that many actions at a time; `past` has what they took before. */
  constructor(store: string, { past, jobs }: { readonly past?: PastRuns; readonly jobs?: number }) {
    this.#resources = new Resources(machineHas(store, jobs));
    this.#past = past;
  }

  /** What is to be made. */
  make(graph: ActionGraph): void {
    this.#graph = graph;
    this.#after = undefined;
  }

  /** Runs work for an action as soon as it may; tells it how long it had to wait, in milliseconds. */
  run<T>(action: ActionNode, work: (waitedMs: number) => Promise<T>): Promise<T> {
    const asked = performance.now();
    return this.#resources.hold(
      wantedBy(action.needs, this.#past?.of(action)),
      () => work(performance.now() - asked),
      () => this.#urgency(action),
    );
  }

  /** How long an action took when it last ran, in milliseconds. */
  pastMs(action: ActionNode): number | undefined {
    return this.#past?.of(action)?.durationMs;
  }

  /** Learns from a run that ended well. */
  ran(action: ActionNode, durationMs: number, usage: Usage | undefined): void {
    this.#past?.note(action, { durationMs, ...usage });
  }

  /** Keeps what was learned. */
  save(): void {
    this.#past?.save();
  }

  /** How long it takes until all is done that waits for an action, itself included. */
  #urgency(action: ActionNode): number {
    this.#after ??= longestAfter(this.#graph, (one) => this.pastMs(one) ?? 0);
    return (this.pastMs(action) ?? 0) + (this.#after.get(action) ?? 0);
  }
}
