/** How long a call to a server is worth waiting for, and how often it is worth trying again. */
import { Code, ConnectError } from '@connectrpc/connect';
import { setTimeout as sleep } from 'node:timers/promises';
import { MessageReader } from '../reapi/wire.ts';
import { Deadline, type Waiting } from './deadline.ts';

/** Trying again gives the same answer. */
const FINAL: ReadonlySet<Code> = new Set([
  ...[Code.NotFound, Code.AlreadyExists, Code.OutOfRange, Code.FailedPrecondition, Code.Unimplemented],
  ...[Code.PermissionDenied, Code.Unauthenticated],
]);
/** It may have been an accident. Mostly it is the same again: a blob that is damaged, a server with a fault. */
const DOUBTFUL: ReadonlySet<Code> = new Set([Code.Unknown, Code.Internal, Code.DataLoss]);
/** The server could not be asked: nothing is known of what it has. */
const UNREACHABLE: ReadonlySet<Code> = new Set([Code.Unavailable, Code.DeadlineExceeded, Code.Canceled, Code.Aborted]);

const TRIES = 5;
const DOUBTFUL_TRIES = 3;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
const RETRY_INFO = 'google.rpc.RetryInfo';

export interface Patience extends Waiting {
  /** Called when the server has refused who asks: whether it has others to say since that time (as of `Date.now`). */
  readonly renew?: (since: number) => Promise<boolean>;
}

/**
 * Makes a call until it is answered, some times at most, each with a deadline of its own. Throws a `ConnectError`, the
 * reason of the signal, or what went wrong on this side: a full disk is no fault of the server.
 */
export async function patiently<T>(
  call: (deadline: Deadline, attempt: number) => Promise<T>,
  patience: Patience,
  tries = TRIES,
): Promise<T> {
  const { signal, renew } = patience;
  let isRenewed = false;
  for (let attempt = 1; ; attempt++) {
    using deadline = new Deadline(patience);
    const since = Date.now();
    try {
      return await call(deadline, attempt);
    } catch (thrown) {
      signal.throwIfAborted();
      const error = deadline.reasonOf(thrown);
      if (!(error instanceof ConnectError)) throw error;
      if (error.code === Code.Unauthenticated && !isRenewed && (await renew?.(since).catch(() => false))) {
        isRenewed = true;
        continue;
      }
      if (attempt >= (DOUBTFUL.has(error.code) ? Math.min(tries, DOUBTFUL_TRIES) : tries) || !mayPass(error))
        throw error;
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

/** Whether it has no room. */
export function isFull(error: unknown): boolean {
  return error instanceof ConnectError && error.code === Code.ResourceExhausted;
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
    if ('type' in detail && detail.type === RETRY_INFO)
      try {
        const delay = new MessageReader(detail.value).message(1);
        return delay ? delay.number(1) * 1000 + delay.number(2) / 1e6 : 0;
      } catch {
        return 0;
      }
  return 0;
}
