/**
 * Locks between processes, held by the kernel. A lock is a listening socket with an abstract name: one process can
 * have it, and it is gone the moment that process is, however it ends. There is no file, so nothing can be stale, and
 * who waits is told by the closing connection instead of asking again and again.
 *
 * They spare work and keep nothing right: what is published is whole and named by its content with or without them.
 * Two containers that share a store but no network namespace may do the same work twice.
 */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Waiters beyond the backlog of the holder's socket ask again after this time. */
const CROWDED_MS = 50;

/** A lock that this process holds. */
export interface Lock extends Disposable {
  /** Lets the lock go; safe to call twice. */
  release(): void;
}

export interface WaitOptions {
  /** Ends the waiting with its reason. */
  readonly signal?: AbortSignal | undefined;
  readonly onWait?: () => void;
}

export class Locks {
  readonly #root: string;
  #prefix: string | undefined;

  /** Locks of one store: the same names in another store are other locks. */
  constructor(root: string) {
    this.#root = root;
  }

  /**
   * Takes the lock, unless another process (or another part of this one) has it. Where the system refuses such
   * sockets, nobody has the lock and everybody gets it.
   */
  async tryTake(name: string): Promise<Lock | undefined> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const waiting = new Set<Socket>();
    const server = createServer((socket) => {
      waiting.add(socket.unref());
      socket.on('error', () => {}).on('close', () => waiting.delete(socket));
    });
    server.on('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'EADDRINUSE'));
    server.listen(this.#address(name), () => resolve(true));
    return (await promise) ? held(server, waiting) : undefined;
  }

  /** Waits until the lock is free, or was for a moment, or is about to be: a dying process closes its sockets one by one. */
  async released(name: string, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const socket = connect(this.#address(name));
    const abort = (): void => reject(signal?.reason as Error);
    signal?.addEventListener('abort', abort, { once: true });
    socket.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EAGAIN' ? setTimeout(resolve, CROWDED_MS) : resolve(),
    );
    socket.on('close', (failed) => failed || resolve());
    socket.resume();
    try {
      await promise;
    } finally {
      signal?.removeEventListener('abort', abort);
      socket.destroy();
    }
  }

  /** Does work while it holds the lock; waits for it first, and says so. */
  async with<T>(name: string, work: () => Promise<T>, { signal, onWait }: WaitOptions = {}): Promise<T> {
    for (;;) {
      using lock = await this.tryTake(name);
      if (lock) return await work();
      onWait?.();
      await this.released(name, signal);
    }
  }

  #address(name: string): string {
    this.#prefix ??= prefixOf(this.#root);
    return `\0${this.#prefix}${createHash('sha256').update(name).digest('hex')}`;
  }
}

function held(server: Server, waiting: ReadonlySet<Socket>): Lock {
  // A lock alone keeps no process alive.
  server.unref();
  const release = (): void => {
    if (server.listening) server.close();
    for (const socket of waiting) socket.destroy();
  };
  return { release, [Symbol.dispose]: release };
}

/** The folder itself and not its path: bind mounts and symlinks lead to the same locks. */
function prefixOf(root: string): string {
  const { dev, ino } = statSync(root, { bigint: true });
  return `dsmb-${dev.toString(16)}-${ino.toString(16)}-`;
}
