/**
 * Locks between processes, held by the kernel. Each process listens on a socket of its own in a folder of the store, and a
 * lock is one more name of that socket, a hard link: one process can have it, who waits is told by the closing connection
 * instead of asking again and again, and nobody listens any more the moment the process ends, however it ends. The name
 * that a killed holder leaves is refused by the kernel and removed by the next one who asks. Who may not use the store's
 * folder can neither take a lock nor hold one up.
 *
 * They spare work and keep nothing right: what is published is whole and named by its content with or without them.
 * Where the file system has no sockets, and on different machines with one network folder, the same work may be done
 * twice.
 */
import { createHash, randomBytes } from 'node:crypto';
import { linkSync, lstatSync, mkdirSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';

/** The store's folder of locks. */
const FOLDER = 'locks';
/** A path of a socket has room for 108 bytes, with a zero at the end; see unix(7). */
const MAX_PATH_BYTES = 107;
/** Who cannot wait for a connection to close asks again after this time. */
const AGAIN_MS = 50;
/** Names of locks are digests of what they lock, of so many characters. Who waits for one sends its name. */
const NAME_LENGTH = 32;
/** Begins the name of a process's own socket, which no lock has. */
const OWN = 'own-';

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
  #own: Promise<OwnSocket | undefined> | undefined;

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
    this.#own ??= OwnSocket.open((file) => this.#pathOf(file));
    const own = await this.#own;
    if (!own) return FOR_EVERYBODY;
    const lock = own.take(nameOf(name));
    if (lock) return lock;
    const holder = await clearIfDead(this.#pathOf(nameOf(name)));
    if (holder === 'unknown') return FOR_EVERYBODY;
    return holder === 'gone' ? own.take(nameOf(name)) : undefined;
  }

  /** Waits until the lock is free, or was for a moment, or is about to be: a dying process closes its sockets one by one. */
  async released(name: string, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const socket = connect(this.#pathOf(nameOf(name)));
    socket.write(nameOf(name));
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

  /** Removes what killed processes have left. */
  async sweep(): Promise<void> {
    for (const file of readdirSync(this.#folder)) await clearIfDead(this.#pathOf(file));
  }

  #pathOf(file: string): string {
    const path = join(this.#folder, file);
    if (Buffer.byteLength(path) <= MAX_PATH_BYTES) return path;
    this.#opened ??= openSync(this.#folder, 'r');
    return `/proc/self/fd/${this.#opened}/${file}`;
  }
}

function nameOf(what: string): string {
  return createHash('sha256').update(what).digest('hex').slice(0, NAME_LENGTH);
}

const FOR_EVERYBODY: Lock = { release() {}, [Symbol.dispose]() {} };

/** The socket of this process, and what it holds. */
class OwnSocket {
  readonly #pathOf: (file: string) => string;
  readonly #path: string;
  readonly #inode: number;
  /** By the name of the lock: who waits for it. */
  readonly #held = new Map<string, Set<Socket>>();

  private constructor(path: string, inode: number, pathOf: (file: string) => string) {
    this.#path = path;
    this.#inode = inode;
    this.#pathOf = pathOf;
  }

  /** Undefined where the system refuses such sockets. */
  static async open(pathOf: (file: string) => string): Promise<OwnSocket | undefined> {
    const path = pathOf(`${OWN}${randomBytes(8).toString('hex')}`);
    const { promise, resolve } = Promise.withResolvers<OwnSocket | undefined>();
    let own: OwnSocket | undefined;
    const server = createServer((socket) => own?.asked(socket));
    server.on('error', () => resolve(undefined));
    server.listen(path, () => {
      removedAtExit.add(path);
      const inode = inodeOf(path);
      own = inode === undefined ? undefined : new OwnSocket(path, inode, pathOf);
      resolve(own);
    });
    // Locks alone keep no process alive.
    server.unref();
    return promise;
  }

  /** Undefined where another process, or this one, has it. Where there can be no links, everybody gets it. */
  take(name: string): Lock | undefined {
    try {
      linkSync(this.#path, this.#pathOf(name));
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'EEXIST' ? undefined : FOR_EVERYBODY;
    }
    const waiting = new Set<Socket>();
    this.#held.set(name, waiting);
    const release = (): void => {
      if (this.#held.get(name) !== waiting) return;
      this.#held.delete(name);
      this.#unlink(name);
      for (const socket of waiting) socket.destroy();
    };
    return { release, [Symbol.dispose]: release };
  }

  /** Somebody waits for a lock, as soon as its name has come. */
  asked(socket: Socket): void {
    let name = '';
    socket.unref().setEncoding('latin1');
    socket.on('error', () => {});
    socket.on('data', (text: string) => {
      if (name.length >= NAME_LENGTH) return;
      name += text;
      if (name.length >= NAME_LENGTH) this.#await(name.slice(0, NAME_LENGTH), socket);
    });
  }

  #await(name: string, socket: Socket): void {
    const waiting = this.#held.get(name);
    if (waiting) {
      waiting.add(socket);
      socket.on('close', () => waiting.delete(socket));
      return;
    }
    // Whoever took this process for a dead one may have put the name back when it was free already.
    this.#unlink(name);
    socket.destroy();
  }

  /** Removes the name of a lock, unless it is another process's by now. */
  #unlink(name: string): void {
    const path = this.#pathOf(name);
    if (inodeOf(path) === this.#inode) rmSync(path, { force: true });
  }
}

/** Sockets of this process. */
const removedAtExit = new Set<string>();
process.on('exit', () => {
  for (const path of removedAtExit) rmSync(path, { force: true });
});

/** Errors of connect(2). Somebody listens also behind a backlog that is full; who was in one is told of the holder's end. */
const ANSWERS: Readonly<Record<string, Holder>> = {
  ...{ ECONNREFUSED: 'dead', EAGAIN: 'alive' },
  ...{ ENOENT: 'gone', ECONNRESET: 'gone', EPIPE: 'gone' },
};

/** The kernel answers, whatever the holder is busy with. */
async function knock(path: string): Promise<Holder> {
  const { promise, resolve } = Promise.withResolvers<Holder>();
  const socket = connect(path, () => resolve('alive'));
  socket.on('error', ({ code }: NodeJS.ErrnoException) => resolve(ANSWERS[code ?? ''] ?? 'unknown'));
  return promise.finally(() => socket.destroy());
}

function inodeOf(path: string): number | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.ino;
}

/**
 * Removes a name whose holder is dead, and tells who has it now. Another process may have done so and have it by then: it
 * gets it back.
 */
async function clearIfDead(path: string): Promise<Holder> {
  const inode = inodeOf(path);
  const holder = await knock(path);
  if (holder !== 'dead') return holder;
  const aside = `${path}-${randomBytes(6).toString('hex')}`;
  try {
    renameSync(path, aside);
    if (inodeOf(aside) === inode) return 'gone';
    linkSync(aside, path);
  } catch {
    // Somebody else was faster.
  } finally {
    rmSync(aside, { force: true });
  }
  return 'alive';
}
