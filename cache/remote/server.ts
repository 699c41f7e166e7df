/** A server as a build sees it: whether it can be used, and as what. Trouble is said once. */
import { ConnectError } from '@connectrpc/connect';
import type { Connection } from './connection.ts';
import type { Waiting } from './deadline.ts';
import { isFull, isRefusal, isUnreachable, patiently, type Patience } from './patience.ts';
import type { ServerCapabilities } from '../reapi/gen/build/bazel/remote/execution/v2/remote_execution_pb.js';

/** Who does not answer the first question will not answer the others. */
const FIRST_TRIES = 2;
/** One after the other: who fails so often will go on like that, and each takes its time. */
const MOST_FAILURES = 5;
const OWN_MAJOR = 2;

/** A server that refuses the one may still give the other. */
export type Way = 'reading' | 'writing' | 'executing';

const ALL: readonly Way[] = ['reading', 'writing', 'executing'];

/** What a server is used as. */
export interface Role<Opened> {
  /** As messages call it. */
  readonly name: string;
  /** Throws `NotOurs` where the server's words about itself show that it is none. */
  readonly open: (connection: Connection, patience: Patience, said: ServerCapabilities) => Opened;
}

export class Server<Opened> implements Disposable {
  readonly connection: Connection;
  readonly patience: Patience;
  readonly #role: Role<Opened>;
  readonly #warn: (message: string) => void;
  #opened: Promise<Opened> | undefined;
  readonly #closed = new Set<Way>();
  readonly #said = new Set<string>();
  #isOpened = false;
  #failures = 0;

  constructor(role: Role<Opened>, connection: Connection, waiting: Waiting, warn: (message: string) => void) {
    this.#role = role;
    this.connection = connection;
    const { renew } = connection.identity;
    this.patience = { ...waiting, moved: connection.moved, ...(renew ? { renew } : {}) };
    this.#warn = warn;
  }

  /** False for the rest of the build, once it could not be reached, or has refused it. */
  isOpenFor(way: Way): boolean {
    return !this.#closed.has(way);
  }

  /**
   * Works with the server. Undefined where that did not succeed, which was said: a server that cannot be reached, or that
   * refuses, is used no more.
   */
  async attempt<T>(way: Way, work: (opened: Opened) => Promise<T>): Promise<T | undefined> {
    if (!this.isOpenFor(way)) return undefined;
    try {
      const done = await work(await (this.#opened ??= this.#open()));
      this.#failures = 0;
      return done;
    } catch (error) {
      this.patience.signal.throwIfAborted();
      if (error instanceof NotOurs) this.#close(ALL, `${error.message}; this build goes on without it`);
      else if (error instanceof ConnectError) this.#failed(way, error);
      else throw error;
      return undefined;
    }
  }

  #failed(way: Way, error: ConnectError): void {
    const { message } = error;
    this.#failures++;
    if (isRefusal(error) || (way === 'writing' && isFull(error)))
      this.#close([way], `${message}; this build goes on without ${way}`);
    else if (!this.#isOpened || isUnreachable(error) || this.#failures >= MOST_FAILURES)
      this.#close(ALL, `${message}; this build goes on without it`);
    else this.say(message);
  }

  /** Says what is wrong with it, each thing once. */
  say(what: string): void {
    // Servers and libraries may say much, and in lines.
    const short = what.replaceAll(/\s+/g, ' ');
    if (this.#said.has(short)) return;
    this.#said.add(short);
    this.#warn(`${this.#role.name} ${this.connection.address.text}: ${short}`);
  }

  #close(ways: readonly Way[], reason: string): void {
    if (!ways.some((way) => this.isOpenFor(way))) return;
    for (const way of ways) this.#closed.add(way);
    this.say(reason);
  }

  async #open(): Promise<Opened> {
    const { address, capabilities } = this.connection;
    const question = { instanceName: address.instance };
    const ask = ({ signal }: Pick<Waiting, 'signal'>) => capabilities.getCapabilities(question, { signal });
    const answer = await patiently(ask, this.patience, FIRST_TRIES);
    requireVersion(answer);
    const opened = this.#role.open(this.connection, this.patience, answer);
    this.#isOpened = true;
    return opened;
  }

  [Symbol.dispose](): void {
    this.connection[Symbol.dispose]();
  }
}

/** It answers, and is not what it should be. */
export class NotOurs extends Error {}

function requireVersion({ lowApiVersion, highApiVersion }: ServerCapabilities): void {
  const [low, high] = [lowApiVersion?.major ?? OWN_MAJOR, highApiVersion?.major ?? OWN_MAJOR];
  if (low > OWN_MAJOR || high < OWN_MAJOR)
    throw new NotOurs(`the server speaks version ${low} to ${high} of the Remote Execution API, not ${OWN_MAJOR}`);
}
