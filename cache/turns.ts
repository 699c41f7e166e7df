/**
 * Long work is done synchronously, since that is fastest, and in turns: in between, the process hears of everything else,
 * Ctrl-C and deadlines among it.
 */
import { setImmediate } from 'node:timers/promises';

/** Nobody waits for longer. */
const TURN_MS = 20;

/** The work took longer than it may. */
export class OutOfTime extends Error {}

export class Turns {
  readonly #signal: AbortSignal;
  readonly #deadline: number;
  #since = performance.now();

  /** `signal` ends the work with its reason, the deadline with `OutOfTime`: a time of `performance.now()`. */
  constructor(signal: AbortSignal, deadline = Infinity) {
    this.#signal = signal;
    this.#deadline = deadline;
  }

  /** Whether others have waited for long enough: to be asked often. */
  get isOver(): boolean {
    return performance.now() - this.#since >= TURN_MS;
  }

  /** Lets everybody else have a turn. */
  async next(): Promise<void> {
    await setImmediate();
    this.#signal.throwIfAborted();
    this.#since = performance.now();
    if (this.#since >= this.#deadline) throw new OutOfTime();
  }
}
