/**
 * Locks between processes, held by the kernel. A lock is a listening socket in a folder of the store: one process can have
 * it, who waits is told by the closing connection instead of asking again and again, and nobody listens any more the
 * moment the process ends, however it ends. The file that a killed holder leaves is refused by the kernel and removed by
 * the next one who asks. Who may not use the store's folder can neither take a lock nor hold one up.
 *
 * They spare work and keep nothing right: what is published is whole and named by its content with or without them.
 * Where the file system has no sockets, and on different machines with one network folder, the same work may be done
 * twice.
 */
import { createHash, randomBytes } from 'node:crypto';
import { linkSync, lstatSync, mkdirSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';

/** The store's folder of locks. */
const FOLDER = 'locks';
/** A path of a socket has room for 108 bytes, with a zero at the end; see unix(7). */
const MAX_PATH_BYTES = 107;
/** Who cannot wait for a connection to close asks again after this time. */
const AGAIN_MS = 50;
/** A process that has made its socket listens within this time, or is dead. */
const LISTENS_MS = 1000;

/** A lock that this process holds. */
export interface Lock extends Disposable {
  /** Lets the lock go; safe to call twice. */
  release(): void;
}

export interface WaitOptions {
  /** Ends the waiting with its reason. */
  readonly signal: AbortSignal | undefined;
  /** Nobody waits without a word: told when that begins. */
  readonly onWait?: () => void;
}

/** What a path says when somebody knocks; `unknown` to who may not ask. */
type Holder = 'alive' | 'dead' | 'gone' | 'unknown';

export class Locks {
  readonly #folder: string;
  /** Names the folder where its own path is too long. */
  #opened: number | undefined;

  /** Locks of one store: the same names in another store are other locks. */
  constructor(root: string) {
    this.#folder = join(root, FOLDER);
    mkdirSync(this.#folder, { recursive: true });
  }

  /**
   * Takes the lock, unless another process (or another part of this one) has it. Where the system refuses such
   * sockets, nobody has the lock and everybody gets it.
   */
  async tryTake(name: string): Promise<Lock | undefined> {
    const path = this.#path(name);
    const lock = await listen(path);
    if (lock) return lock;
    const holder = await knock(path);
    if (holder === 'unknown') return FOR_EVERYBODY;
    return holder === 'dead' && (await clear(path)) ? listen(path) : undefined;
  }

  /** Waits until the lock is free, or was for a moment, or is about to be: a dying process closes its sockets one by one. */
  async released(name: string, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const socket = connect(this.#path(name));
    const abort = (): void => reject(signal?.reason as Error);
    signal?.addEventListener('abort', abort, { once: true });
    socket.on('error', (error: NodeJS.ErrnoException) =>
      ANSWERS[error.code ?? ''] === 'gone' ? resolve() : setTimeout(resolve, AGAIN_MS),
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
  async with<T>(name: string, work: () => Promise<T>, { signal, onWait }: WaitOptions): Promise<T> {
    for (;;) {
      using lock = await this.tryTake(name);
      if (lock) return await work();
      onWait?.();
      await this.released(name, signal);
    }
  }

  /** Removes what killed holders have left and nobody has asked for since. */
  async sweep(): Promise<void> {
    for (const name of readdirSync(this.#folder)) {
      const path = this.#pathOf(name);
      if ((await knock(path)) === 'dead') await clear(path);
    }
  }

  #path(name: string): string {
    return this.#pathOf(createHash('sha256').update(name).digest('hex').slice(0, 32));
  }

  #pathOf(name: string): string {
    const path = join(this.#folder, name);
    if (Buffer.byteLength(path) <= MAX_PATH_BYTES) return path;
    this.#opened ??= openSync(this.#folder, 'r');
    return `/proc/self/fd/${this.#opened}/${name}`;
  }
}

/** Undefined where there is a socket by now. */
async function listen(path: string): Promise<Lock | undefined> {
  const { promise, resolve } = Promise.withResolvers<Lock | undefined>();
  const waiting = new Set<Socket>();
  const server = createServer((socket) => {
    waiting.add(socket.unref());
    socket.on('error', () => {}).on('close', () => waiting.delete(socket));
  });
  server.on('error', (error: NodeJS.ErrnoException) =>
    resolve(error.code === 'EADDRINUSE' ? undefined : FOR_EVERYBODY),
  );
  server.listen(path, () => resolve(held(server, waiting)));
  return promise;
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

const FOR_EVERYBODY: Lock = { release() {}, [Symbol.dispose]() {} };

/** Errors of connect(2). Somebody listens also behind a backlog that is full; who was in one is told of the holder's end. */
const ANSWERS: Readonly<Record<string, Holder>> = {
  ...{ ECONNREFUSED: 'dead', EAGAIN: 'alive' },
  ...{ ENOENT: 'gone', ECONNRESET: 'gone' },
};

/** The kernel answers, whatever the holder is busy with. */
async function knock(path: string): Promise<Holder> {
  const { promise, resolve } = Promise.withResolvers<Holder>();
  const socket = connect(path, () => resolve('alive'));
  socket.on('error', ({ code }: NodeJS.ErrnoException) => resolve(ANSWERS[code ?? ''] ?? 'unknown'));
  return promise.finally(() => socket.destroy());
}

/**
 * Removes a dead socket; tells whether its path is free now. Another process may have done so and listen there by now: it
 * gets its path back.
 */
async function clear(path: string): Promise<boolean> {
  const aside = `${path}-${randomBytes(6).toString('hex')}`;
  try {
    const age = Date.now() - lstatSync(path).ctimeMs;
    if (age >= 0 && age < LISTENS_MS) return false;
    renameSync(path, aside);
    if ((await knock(aside)) !== 'alive') return true;
    linkSync(aside, path);
  } catch {
    // Somebody else was faster.
  } finally {
    rmSync(aside, { force: true });
  }
  return false;
}
