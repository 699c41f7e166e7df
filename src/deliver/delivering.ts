/** Puts what a build has made into `dsmb-out`: that begins while its results are still on their way to the disk. */
import type { Store } from '../../cache/store.ts';
import type { Node } from '../../cache/tree.ts';
import type { LabelledArtifact } from '../analysis/action.ts';
import type { Build, BuildResult } from '../execute/build.ts';
import type { Elsewhere } from '../execute/elsewhere.ts';
import { isLost, untilNothingIsLost } from '../execute/lost.ts';
import { toDiagnostic, type Diagnostic } from '../model/diagnostic.ts';
import type { Listener } from '../model/event.ts';
import { deliver, type Delivered } from './outputs.ts';

interface Surroundings {
  readonly store: Store;
  /** Of the workspace. */
  readonly root: string;
  readonly elsewhere: Elsewhere;
  readonly signal: AbortSignal;
  readonly onEvent: Listener;
  /** Told of each target that lies in its place. */
  readonly onDelivered: (target: LabelledArtifact, node: Node) => void;
}

interface Attempt {
  readonly target: LabelledArtifact;
  readonly node: Node;
  readonly came: Delivered | { readonly error: unknown };
}

export class Delivering {
  readonly #around: Surroundings;
  readonly #attempts: Attempt[] = [];

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** Lays out the targets that were built, one after the other. Never throws: what went wrong is for `finish`. */
  async begin(targets: readonly LabelledArtifact[], artifacts: BuildResult['artifacts']): Promise<void> {
    for (const target of targets) {
      const node = artifacts.get(target.label);
      if (!node || this.#around.signal.aborted) continue;
      const came = await this.#deliver(target, node).catch((error: unknown) => ({ error }));
      this.#attempts.push({ target, node, came });
    }
  }

  /** Tells of what was delivered. What has gone from the store is made again first. Gives what could not be delivered. */
  async finish(build: Build): Promise<Diagnostic[]> {
    const { onEvent, onDelivered, signal } = this.#around;
    const failures: Diagnostic[] = [];
    for (const { target, node, came } of this.#attempts) {
      if (signal.aborted) break;
      try {
        const delivered = 'error' in came ? await this.#again(build, target, came.error) : came;
        if (!delivered) continue;
        onEvent({ type: 'output', label: target.label, ...delivered });
        onDelivered(target, node);
      } catch (error) {
        if (!signal.aborted) failures.push(this.#failed(target, toDiagnostic(error)));
      }
    }
    return failures;
  }

  async #deliver(target: LabelledArtifact, node: Node): Promise<Delivered> {
    const { store, root, elsewhere, signal, onEvent } = this.#around;
    await elsewhere.bring([node]);
    const message = `${target.label}: waiting for another build that delivers it`;
    return deliver(store, root, target, node, { signal, onWait: () => onEvent({ type: 'warning', message }) });
  }

  /** Undefined where it cannot be made again, which was reported. */
  async #again(build: Build, target: LabelledArtifact, error: unknown): Promise<Delivered | undefined> {
    if (!isLost(error)) throw error;
    const remake = async (): Promise<Node | undefined> => (await build.remake(target)).artifacts.get(target.label);
    let made = await remake();
    const deliver = async (): Promise<Delivered | undefined> => made && this.#deliver(target, made);
    return untilNothingIsLost(deliver, async () => void (made = await remake()));
  }

  /** No action has failed, so that there is no other event to tell of it. */
  #failed({ label }: LabelledArtifact, diagnostic: Diagnostic): Diagnostic {
    const what = { label, mnemonic: 'Deliver', ordinal: 0 } as const;
    this.#around.onEvent({ type: 'action-finished', ...what, outcome: 'failed', durationMs: 0, diagnostic });
    return diagnostic;
  }
}
