/** What becomes of the actions of a build: each outcome is told once, and a failure ends what goes on. */
import { orStoreFault } from '../../cache/store-fault.ts';
import type { ActionNode, LabelledArtifact } from '../analysis/action.ts';
import { toDiagnostic, type Diagnostic } from '../model/diagnostic.ts';
import { formatDigest, type Digest } from '../model/digest.ts';
import type { Listener, Outcome } from '../model/event.ts';
import type { Label } from '../model/label.ts';

/** A failure that was reported already, on its way through what depends on it. */
export class Reported extends Error {}

interface Surroundings {
  /** The folder of the store. */
  readonly root: string;
  /** Goes on with what does not depend on a failed action. */
  readonly keepGoing: boolean;
  /** Ends the build from outside. */
  readonly signal: AbortSignal;
  readonly onEvent: Listener;
  readonly keyOf: (action: ActionNode) => Digest | undefined;
  /** Whether an action runs although there may be a result. */
  readonly isForced: (action: ActionNode) => boolean;
  readonly onFinished: (action: ActionNode) => void;
}

interface More {
  readonly log?: string;
  readonly diagnostic?: Diagnostic;
  /** Milliseconds that its key took. */
  readonly planMs?: number;
  readonly remote?: true;
}

/** Outcomes and failures of one build. */
export class Outcomes {
  /** Whatever ends the build: the user, or a failure. */
  readonly signal: AbortSignal;
  readonly #around: Surroundings;
  readonly #failures: Diagnostic[] = [];
  readonly #stop = new AbortController();

  constructor(around: Surroundings) {
    this.#around = around;
    this.signal = AbortSignal.any([around.signal, this.#stop.signal]);
  }

  /** What failed so far. */
  get failures(): readonly Diagnostic[] {
    return this.#failures;
  }

  readonly finished = (action: ActionNode, outcome: Outcome, durationMs: number, more: More = {}): void => {
    const { onEvent, onFinished, keyOf, isForced } = this.#around;
    onFinished(action);
    const key = keyOf(action);
    onEvent({
      type: 'action-finished',
      label: action.label,
      mnemonic: action.mnemonic,
      ordinal: action.ordinal,
      ...(key ? { key: formatDigest(key) } : {}),
      outcome,
      durationMs,
      ...(isForced(action) ? { forced: true } : {}),
      ...more,
    });
  };

  /** An action did not come to its end: it has failed, or it cannot run since something else has. */
  actionFailed(action: ActionNode, error: unknown, durationMs: number): Reported {
    if (error instanceof Reported || this.signal.aborted) {
      this.finished(action, 'skipped', durationMs);
      return new Reported();
    }
    const diagnostic = named(action, this.#diagnose(error));
    this.finished(action, 'failed', durationMs, { diagnostic });
    this.#fail(diagnostic);
    return new Reported();
  }

  /** A target cannot be read. One that no action makes has no other event that tells of its failure. */
  unreadable({ label }: LabelledArtifact, error: unknown): void {
    if (error instanceof Reported) return;
    const diagnostic = withLabel(label, this.#diagnose(error));
    const what = { label, mnemonic: 'Source', ordinal: 0 } as const;
    this.#around.onEvent({ type: 'action-finished', ...what, outcome: 'failed', durationMs: 0, diagnostic });
    this.#fail(diagnostic);
  }

  /** Something else of the build has failed. */
  readonly failed = (error: unknown): void => this.#fail(this.#diagnose(error));

  #diagnose(error: unknown): Diagnostic {
    return toDiagnostic(orStoreFault(this.#around.root, error));
  }

  #fail(diagnostic: Diagnostic): void {
    this.#failures.push(diagnostic);
    if (!this.#around.keepGoing) this.#stop.abort();
  }
}

/** With the name of its action and the place of its target, unless it says so itself. */
function named({ label, mnemonic, call: { location } }: ActionNode, diagnostic: Diagnostic): Diagnostic {
  return { ...(location ? { location } : {}), ...withLabel(label, diagnostic, ` (${mnemonic})`) };
}

function withLabel(label: Label, diagnostic: Diagnostic, mnemonic = ''): Diagnostic {
  const { message } = diagnostic;
  return { ...diagnostic, message: message.startsWith(label) ? message : `${label}${mnemonic}: ${message}` };
}
