/** When actions run: the longest way to the end first, as many at a time as the machine carries. */
import { longestAfter, type ActionGraph } from '../../analysis/action-graph.ts';
import type { ActionNode } from '../../analysis/action.ts';
import type { Place } from './leaving.ts';
import type { PastRuns } from './past-runs.ts';
import { Resources } from './resources.ts';
import type { Usage } from '../process/usage.ts';
import { machineHas, wantedBy } from './wanted.ts';

/** Workers have processors, memory and disks of their own: their number is all that counts. */
const OF_WORKERS = { cpus: Infinity, memoryMiB: Infinity, diskMiB: Infinity };
const A_PLACE = { places: 1, cpus: 0, memoryMiB: 0, diskMiB: 0 };

export interface ScheduleOptions {
  readonly past?: PastRuns;
  readonly jobs?: number;
  readonly remoteJobs?: number;
  /** Where an action will run. */
  readonly placeOf?: (action: ActionNode) => Place;
}

export class Schedule {
  readonly #pools: Readonly<Record<Place, Resources>>;
  readonly #past: PastRuns | undefined;
  readonly #placeOf: (action: ActionNode) => Place;
  #graph: ActionGraph = { actions: [], dependencies: new Map() };
  #after: ReadonlyMap<ActionNode, number> | undefined;

  /** For a store's folder. With `jobs`, that many actions at a time here; `past` has what they took before. */
  constructor(store: string, { past, jobs, remoteJobs = 0, placeOf = () => 'here' }: ScheduleOptions) {
    const workers = new Resources({ places: remoteJobs, ...OF_WORKERS });
    this.#pools = { here: new Resources(machineHas(store, jobs)), remote: workers };
    this.#past = past;
    this.#placeOf = placeOf;
  }

  /** What is to be made. */
  make(graph: ActionGraph): void {
    this.#graph = graph;
    this.#after = undefined;
  }

  /** Runs work for an action as soon as it may in a place; tells it how long it had to wait, in milliseconds. */
  run<T>(action: ActionNode, place: Place, work: (waitedMs: number) => Promise<T>): Promise<T> {
    const asked = performance.now();
    return this.#pools[place].hold(
      place === 'remote' ? A_PLACE : wantedBy(action.needs, this.#past?.of(action)),
      () => work(performance.now() - asked),
      () => this.#urgency(action),
    );
  }

  /** How long an action took when it last ran here, in milliseconds. */
  pastMs(action: ActionNode): number | undefined {
    return this.#past?.of(action)?.durationMs;
  }

  /** Learns from a run that ended well. */
  ran(action: ActionNode, place: Place, durationMs: number, usage: Usage | undefined): void {
    this.#past?.note(action, { durationMs, ...usage }, place);
  }

  /** Keeps what was learned. */
  save(): void {
    this.#past?.save();
  }

  /** How long it takes until all is done that waits for an action, itself included. */
  #urgency(action: ActionNode): number {
    this.#after ??= longestAfter(this.#graph, (one) => this.#expectedMs(one));
    return this.#expectedMs(action) + (this.#after.get(action) ?? 0);
  }

  #expectedMs(action: ActionNode): number {
    return this.#past?.expectedMs(action, this.#placeOf(action)) ?? 0;
  }
}
