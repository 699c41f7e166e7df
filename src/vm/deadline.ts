/** Work that must be done within a time. */

/** Thrown where the time ran out; the virtual machine turns it into a failure that says what it saw. */
export class DeadlineExceeded extends Error {}

/**
 * Runs `work` with a signal that aborts after `ms` milliseconds, or as soon as `trouble` rejects. The work is over
 * when this returns: nothing of it goes on in the background.
 */
export async function within<T>(
  ms: number,
  trouble: Promise<never>,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new DeadlineExceeded()), ms);
  trouble.catch((reason: unknown) => controller.abort(reason));
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  controller.signal.addEventListener('abort', () => reject(controller.signal.reason));
  try {
    return await Promise.race([work(controller.signal), aborted]);
  } finally {
    clearTimeout(timer);
    controller.abort();
  }
}

/** Waits; rejects when the signal aborts. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const stop = (): void => reject(signal.reason);
  signal.addEventListener('abort', stop);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}
