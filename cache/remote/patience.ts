/** How long a call to a server is worth waiting for, and how often it is worth trying again. */
import { Code, ConnectError } from '@connectrpc/connect';
import { setTimeout as sleep } from 'node:timers/promises';
import { MessageReader } from '../reapi/wire.ts';

/** Trying again gives the same answer. */
const FINAL: ReadonlySet<Code> = new Set([
  ...[Code.NotFound, Code.AlreadyExists, Code.OutOfRange, Code.FailedPrecondition, Code.Unimplemented],
  ...[Code.PermissionDenied, Code.Unauthenticated],
]);
/** The server could not be asked: nothing is known of what it has. */
const UNREACHABLE: ReadonlySet<Code> = new Set([Code.Unavailable, Code.DeadlineExceeded, Code.Canceled, Code.Aborted]);

const TRIES = 5;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
const RETRY_INFO = 'google.rpc.RetryInfo';

export interface Patience {
  /** A call that makes no progress for this long has failed. */
  readonly timeoutMs: number;
  /** Ends every call. */
  readonly signal: AbortSignal;
}

/** Makes a call until it is answered, some times at most. Throws a `ConnectError`, or the reason of the signal. */
export async function patiently<T>(
  call: (attempt: number) => Promise<T>,
  { signal }: Pick<Patience, 'signal'>,
  tries = TRIES,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call(attempt);
    } catch (thrown) {
      signal.throwIfAborted();
      const error = ConnectError.from(thrown);
      if (attempt >= tries || !mayPass(error)) throw error;
      await sleep(pauseMs(error, attempt), undefined, { signal }).catch(() => undefined);
      signal.throwIfAborted();
    }
  }
}

/** Whether the server could not be asked at all, or not in time. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof ConnectError && (UNREACHABLE.has(error.code) || isBrokenMessage(error));
}

export function isRefusal(error: unknown): boolean {
  return error instanceof ConnectError && (error.code === Code.Unauthenticated || error.code === Code.PermissionDenied);
}

export function isMissing(error: unknown): boolean {
  return error instanceof ConnectError && error.code === Code.NotFound;
}

function mayPass(error: ConnectError): boolean {
  return !FINAL.has(error.code) && (error.code !== Code.InvalidArgument || isBrokenMessage(error));
}

/** A stream that ends in the middle of a message is told as an invalid argument. */
function isBrokenMessage({ code, rawMessage }: ConnectError): boolean {
  return code === Code.InvalidArgument && /^(protocol error|promised \d+ bytes)/.test(rawMessage);
}

/** What the server asks for, or ever longer; never the same for two clients. */
function pauseMs(error: ConnectError, attempt: number): number {
  const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt);
  return Math.min(LONGEST_PAUSE_MS, askedPauseMs(error)) + longest * (0.5 + Math.random() / 2);
}

function askedPauseMs({ details }: ConnectError): number {
  for (const detail of details)
    if ('type' in detail && detail.type === RETRY_INFO) {
      const delay = new MessageReader(detail.value).message(1);
      return delay ? delay.number(1) * 1000 + delay.number(2) / 1e6 : 0;
    }
  return 0;
}

/** A deadline that each sign of progress moves. */
export class Deadline implements Disposable {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly signal: AbortSignal;

  constructor({ timeoutMs, signal }: Patience) {
    this.#timer = setTimeout(() => {
      const seconds = timeoutMs / 1000;
      this.#controller.abort(new ConnectError(`no progress for ${seconds} s`, Code.DeadlineExceeded));
    }, timeoutMs);
    this.signal = AbortSignal.any([signal, this.#controller.signal]);
  }

  progress(): void {
    this.#timer.refresh();
  }

  /** What went wrong: that it is over, where that is so. */
  reasonOf(error: unknown): unknown {
    return this.#controller.signal.aborted ? this.#controller.signal.reason : error;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
