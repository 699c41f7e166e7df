/** How far a build is with each action: what is under way, what each has given, and what the store has lost of it. */
import type { Node } from '../../cache/tree.ts';
import { actionGraph, inputsOf, makersOf, type ActionGraph } from '../analysis/action-graph.ts';
import type { ActionNode, ArtifactReference } from '../analysis/action.ts';
import type { Digest } from '../model/digest.ts';

/** By output key. */
export type Outputs = ReadonlyMap<string, Node>;

/** An action that is up to date. */
export interface Settled {
  readonly key: Digest;
  readonly outputs: Outputs;
}

export class Progress {
  readonly #isInReach: (node: Node) => boolean;
  /** Known from the start. */
  readonly #before: ReadonlyMap<ActionNode, Settled>;
  /** Of these, what is not lost. */
  readonly #settled: Map<ActionNode, Settled>;
  readonly #underWay = new Map<ActionNode, Promise<Outputs>>();
  readonly #done = new Map<ActionNode, Outputs>();
  readonly #keys = new Map<ActionNode, Digest>();

  /** `isInReach`: whether nothing of a node is lost. */
  constructor(isInReach: (node: Node) => boolean, settled: ReadonlyMap<ActionNode, Settled> = new Map()) {
    this.#isInReach = isInReach;
    this.#before = settled;
    this.#settled = new Map(settled);
  }

  /** The actions that artifacts are made by, as far as they are not settled. */
  graphOf(artifacts: readonly ArtifactReference[]): ActionGraph {
    return actionGraph(artifacts, this.#settled);
  }

  /** The outputs of an action; who asks first brings it up to date. */
  outputs(action: ActionNode, bringUpToDate: (action: ActionNode) => Promise<Outputs>): Promise<Outputs> {
    const known = this.#underWay.get(action);
    if (known) return known;
    const settled = this.#settled.get(action);
    const outputs = settled ? Promise.resolve(settled.outputs) : bringUpToDate(action);
    this.#underWay.set(action, outputs);
    return outputs;
  }

  planned(action: ActionNode, key: Digest): void {
    this.#keys.set(action, key);
  }

  done(action: ActionNode, outputs: Outputs): void {
    this.#done.set(action, outputs);
  }

  readonly isWanted = (action: ActionNode): boolean => this.#underWay.has(action);
  readonly isPlanned = (action: ActionNode): boolean => this.keyOf(action) !== undefined;
  readonly isDone = (action: ActionNode): boolean => this.#done.has(action) || this.#settled.has(action);

  /**
   * An action that is up to date; undefined for one that is not, or not yet. One whose outputs were lost is, as long as
   * nothing needs them: who does makes it again.
   */
  settled(action: ActionNode): Settled | undefined {
    const outputs = this.#done.get(action);
    const key = this.#keys.get(action);
    return key && outputs ? { key, outputs } : this.#before.get(action);
  }

  keyOf(action: ActionNode): Digest | undefined {
    return this.#keys.get(action) ?? this.#settled.get(action)?.key;
  }

  /** Forgets what has given outputs that the store has lost. */
  forgetLost(): void {
    for (const [action, outputs] of this.#done) if (!this.#isWhole(outputs)) this.#underWay.delete(action);
    for (const [action, { outputs }] of this.#settled)
      if (!this.#isWhole(outputs)) {
        this.#settled.delete(action);
        this.#underWay.delete(action);
      }
  }

  /** What was forgotten of what an action reads, and of what makes that, from below: as long as a chain may be. */
  forgottenBelow(action: ActionNode): ActionNode[] {
    const isForgotten = (one: ActionNode): boolean => !this.#underWay.has(one) && !this.#settled.has(one);
    const { actions, dependencies } = this.graphOf(inputsOf(action));
    const forgotten = new Set(makersOf(inputsOf(action)).filter(isForgotten));
    for (const one of actions.toReversed())
      if (forgotten.has(one))
        for (const maker of (dependencies.get(one) ?? []).filter(isForgotten)) forgotten.add(maker);
    return actions.filter((one) => forgotten.has(one));
  }

  #isWhole(outputs: Outputs): boolean {
    return [...outputs.values()].every((node) => this.#isInReach(node));
  }
}
