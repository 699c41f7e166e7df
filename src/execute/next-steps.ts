/** Finds the steps that wait for nothing but an action that runs now: their processes start meanwhile. */
import type { Store } from '../../cache/store.ts';
import type { Node } from '../../cache/tree.ts';
import { makersOf, type ActionGraph } from '../analysis/action-graph.ts';
import type { ActionNode } from '../analysis/action.ts';
import { needsVm } from '../model/rule.ts';
import { stepContent } from '../plan/bundle.ts';
import { contentOf, type Producers } from '../plan/content.ts';
import { baseOf } from '../plan/key.ts';
import { memoFolder } from './hints.ts';
import type { Machine } from './machine.ts';
import { layOutFolders } from './sandbox.ts';
import type { Toolroots } from './toolroots.ts';

/** How far the build is with an action. */
interface State {
  isWanted(action: ActionNode): boolean;
  isPlanned(action: ActionNode): boolean;
  isDone(action: ActionNode): boolean;
}

export class NextSteps {
  readonly #store: Store;
  readonly #toolroots: Toolroots;
  readonly #machine: Machine;
  readonly #producers: Producers;
  readonly #state: State;
  readonly #signal: AbortSignal;
  #graph: ActionGraph | undefined;
  #dependents: ReadonlyMap<ActionNode, readonly ActionNode[]> | undefined;

  constructor(
    store: Store,
    toolroots: Toolroots,
    machine: Machine,
    producers: Producers,
    state: State,
    signal: AbortSignal,
  ) {
    this.#store = store;
    this.#toolroots = toolroots;
    this.#machine = machine;
    this.#producers = producers;
    this.#state = state;
    this.#signal = signal;
  }

  /** What the build is about. Nothing is computed before an action runs. */
  of(graph: ActionGraph): void {
    this.#graph = graph;
    this.#dependents = undefined;
  }

  /** An action runs. What waits for it is next, unless its output turns out to be an old one. */
  begun(running: ActionNode): void {
    if (this.#machine.unsandboxed || needsVm(running.needs) || !this.#graph) return;
    this.#dependents ??= dependentsOf(this.#graph);
    for (const next of this.#dependents.get(running) ?? [])
      // It may be one that a failure will make superfluous: what goes wrong here is not worth a word.
      if (this.#state.isWanted(next) && !this.#waitsForOthers(next, running))
        this.#giveHeadStart(next).catch(() => undefined);
  }

  /** An action has ended, or needs not run. */
  ended(action: ActionNode): void {
    this.#machine.headStarts.forget(action);
  }

  #waitsForOthers({ inputs }: ActionNode, running: ActionNode): boolean {
    const state = this.#state;
    const makers = makersOf(inputs.values());
    return makers.some((maker) => maker !== running && state.isPlanned(maker) && !state.isDone(maker));
  }

  async #giveHeadStart(next: ActionNode): Promise<void> {
    if (next.work.type !== 'step' || needsVm(next.needs)) return;
    const inputs = new Map<string, Node>();
    for (const [name, of] of next.inputs)
      if (makersOf([of]).every((maker) => this.#state.isDone(maker)))
        inputs.set(name, await contentOf(this.#store, of, this.#producers));
    const toolchains = await this.#toolroots.of(next, this.#producers);
    const { bundle } = await stepContent(this.#store, next);
    const memo = memoFolder(this.#store, { node: next, files: new Map(bundle ? [['step.mjs', bundle]] : []) });
    const bubblewrap = await this.#machine.bubblewrap();
    const early = { base: baseOf(this.#store, toolchains), inputs, memo };
    await layOutFolders(this.#store, early, this.#signal);
    if (this.#state.isPlanned(next) || this.#signal.aborted) return;
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
