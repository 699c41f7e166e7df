/** Finds the steps that will run soon, since they wait for an action that has no result: their processes start early. */
import type { Store } from '../../cache/store.ts';
import type { Node } from '../../cache/tree.ts';
import { makersOf, type ActionGraph } from '../analysis/action-graph.ts';
import type { ActionNode } from '../analysis/action.ts';
import { needsVm } from '../model/rule.ts';
import type { Bundles } from '../plan/bundle.ts';
import { contentOf, type Producers } from '../plan/content.ts';
import { baseOf } from '../plan/key.ts';
import { memoFolder } from './action/hints.ts';
import type { Elsewhere } from './elsewhere.ts';
import type { Machine } from './machine.ts';
import { layOutFolders } from './sandbox/sandbox.ts';
import type { Toolroots } from './toolchains/toolroots.ts';

/** How far the build is with an action. */
interface State {
  isWanted(action: ActionNode): boolean;
  isPlanned(action: ActionNode): boolean;
  isDone(action: ActionNode): boolean;
}

/** Actions above one without a result that are looked at. Few get a head start, and the nearest first. */
const LOOK_AHEAD = 32;

/** What it is told of a build. */
export interface NextStepsContext {
  readonly store: Store;
  readonly toolroots: Toolroots;
  readonly machine: Machine;
  readonly producers: Producers;
  readonly bundles: Bundles;
  readonly state: State;
  readonly elsewhere: Elsewhere;
  readonly signal: AbortSignal;
}

export class NextSteps {
  readonly #store: Store;
  readonly #toolroots: Toolroots;
  readonly #machine: Machine;
  readonly #producers: Producers;
  readonly #bundles: Bundles;
  readonly #state: State;
  readonly #elsewhere: Elsewhere;
  readonly #signal: AbortSignal;
  #graph: ActionGraph | undefined;
  #dependents: ReadonlyMap<ActionNode, readonly ActionNode[]> | undefined;
  /** Steps that will run soon, the nearest first. */
  #coming: ActionNode[] = [];
  /** Virtual machines that run, or are about to. */
  readonly #virtualMachines = new Set<ActionNode>();
  /** Actions that have ended, one way or the other. */
  readonly #over = new Set<ActionNode>();
  #serving = false;

  constructor({ store, toolroots, machine, producers, bundles, state, elsewhere, signal }: NextStepsContext) {
    this.#store = store;
    this.#toolroots = toolroots;
    this.#machine = machine;
    this.#producers = producers;
    this.#bundles = bundles;
    this.#state = state;
    this.#elsewhere = elsewhere;
    this.#signal = signal;
  }

  /** What the build is about. Nothing is computed before an action turns out to have no result. */
  of(graph: ActionGraph): void {
    this.#graph = graph;
    this.#dependents = undefined;
  }

  /** An action has no result. What waits for it will run as well, unless its output turns out to be an old one. */
  stale(action: ActionNode): void {
    if (this.#machine.unsandboxed || !this.#graph) return;
    if (needsVm(action.needs) && this.#elsewhere.placeOf(action) === 'here') return this.#makeRoom(action);
    // Who is behind so many gets none soon.
    if (this.#coming.length >= LOOK_AHEAD) return;
    const above = this.#stepsAbove(action);
    if (above.length > 0) this.#machine.spawner.warmUp();
    this.#coming.push(...above);
    void this.#serve();
  }

  /** An action has ended, or needs not run. */
  ended(action: ActionNode): void {
    this.#over.add(action);
    this.#virtualMachines.delete(action);
    this.#machine.headStarts.forget(action);
    if (this.#coming.length > 0) void this.#serve();
  }

  /** A virtual machine takes minutes, and the memory that idle processes hold. */
  #makeRoom(action: ActionNode): void {
    this.#virtualMachines.add(action);
    this.#coming = [];
    this.#machine.headStarts.forgetAll();
  }

  /** By their distance. What is above a virtual machine is far. */
  #stepsAbove(action: ActionNode): ActionNode[] {
    this.#dependents ??= dependentsOf(this.#graph!);
    const seen = new Set([action]);
    for (const each of seen) {
      if (seen.size > LOOK_AHEAD) break;
      if (needsVm(each.needs)) continue;
      for (const next of this.#dependents.get(each)?.slice(0, LOOK_AHEAD) ?? []) seen.add(next);
    }
    const known = new Set(this.#coming);
    return [...seen].filter((each) => each !== action && !known.has(each) && this.#mayComeSoon(each));
  }

  #mayComeSoon(action: ActionNode): boolean {
    if (action.work.type !== 'step' || needsVm(action.needs) || this.#machine.headStarts.has(action)) return false;
    if (this.#elsewhere.placeOf(action) === 'remote') return false;
    return this.#state.isWanted(action) && !this.#state.isPlanned(action) && !this.#over.has(action);
  }

  /** The first alone, as it is needed first and the builder still plans. The others share the processors. */
  async #serve(): Promise<void> {
    const { headStarts } = this.#machine;
    if (this.#serving) return;
    this.#serving = true;
    while (headStarts.hasRoom && this.#virtualMachines.size === 0 && !this.#signal.aborted) {
      const next = this.#coming.shift();
      if (!next) break;
      const isFirst = headStarts.waiting === 0;
      // It may be one that a failure will make superfluous: what goes wrong here is not worth a word.
      if (this.#mayComeSoon(next)) await this.#giveHeadStart(next).catch(() => undefined);
      if (isFirst) await headStarts.calm(next);
    }
    this.#serving = false;
  }

  async #giveHeadStart(next: ActionNode): Promise<void> {
    const inputs = new Map<string, Node>();
    for (const [name, of] of next.inputs)
      if (makersOf([of]).every((maker) => this.#state.isDone(maker)))
        inputs.set(name, await contentOf(this.#store, of, this.#producers));
    const toolchains = await this.#toolroots.of(next, this.#producers);
    const { bundle } = await this.#bundles.contentOf(next);
    const memo = memoFolder(this.#store, { node: next, files: new Map(bundle ? [['step.mjs', bundle]] : []) });
    const bubblewrap = await this.#machine.bubblewrap();
    const early = { base: baseOf(this.#store, toolchains), inputs, memo };
    await this.#elsewhere.bringInputs(early);
    await layOutFolders(this.#store, early, this.#signal);
    // All that took its time.
    if (!this.#mayComeSoon(next) || this.#signal.aborted || this.#virtualMachines.size > 0) return;
    this.#machine.headStarts.give(next, early, bubblewrap);
  }
}

/** The actions that wait for the outputs of each. */
function dependentsOf({ dependencies }: ActionGraph): Map<ActionNode, ActionNode[]> {
  const dependents = new Map<ActionNode, ActionNode[]>();
  for (const [action, makers] of dependencies)
    for (const maker of makers) {
      const waiting = dependents.get(maker) ?? [];
      dependents.set(maker, waiting);
      waiting.push(action);
    }
  return dependents;
}
