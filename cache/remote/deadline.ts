/** Deadlines that progress moves: a slow line is waited for, one that gives nothing is not. */
import { Code, ConnectError } from '@connectrpc/connect';

/** Less than this in the time of a deadline is no progress: a server that drips would hold up a build for days. */
const LEAST_BYTES = 64 * 1024;

export interface Waiting {
  /** A call that makes no progress for this long has failed. */
  readonly timeoutMs: number;
  /** Ends every call. */
  readonly signal: AbortSignal;
  /** How many bytes went over the connections: what calls share a line with is progress to those that cannot be seen. */
  readonly moved?: (() => number) | undefined;
}

export class Deadline implements Disposable {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #waiting: Waiting;
  #left = LEAST_BYTES;
  #moved: number;
  readonly signal: AbortSignal;

  constructor(waiting: Waiting) {
    this.#waiting = waiting;
    this.#moved = waiting.moved?.() ?? 0;
    this.#timer = setTimeout(() => this.#due(), waiting.timeoutMs);
    this.signal = AbortSignal.any([waiting.signal, this.#controller.signal]);
  }

  /** The call itself has got so many bytes on. */
  progress(bytes: number): void {
    this.#left -= bytes;
    if (this.#left > 0) return;
    this.#left = LEAST_BYTES;
    this.#timer.refresh();
  }

  /** What went wrong: that it is over, where that is so. */
  reasonOf(error: unknown): unknown {
    return this.#controller.signal.aborted ? this.#controller.signal.reason : error;
  }

  #due(): void {
    const { moved, timeoutMs } = this.#waiting;
    const now = moved?.() ?? 0;
    if (now - this.#moved >= LEAST_BYTES) {
      this.#moved = now;
      this.#timer.refresh();
      return;
    }
    this.#controller.abort(new ConnectError(`no progress for ${timeoutMs / 1000} s`, Code.DeadlineExceeded));
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
