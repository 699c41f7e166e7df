/**
 * A cache that a team shares, as a build uses it. It never fails a build: what it does not give is a miss. Results are used
 * without their files; these come when they are delivered, or read by an action that runs here.
 */
import type { ResultData } from '../reapi/messages.ts';
import type { Store } from '../store.ts';
import type { Node } from '../tree.ts';
import type { RemoteBlobs } from './blobs.ts';
import type { Connection } from './connection.ts';
import { Downloads } from './downloads.ts';
import type { Execution } from './execution.ts';
import { Executor, type Ran, type RunRequest } from './executor.ts';
import { KnownResults, type KnownResult } from './known-results.ts';
import type { Patience } from './patience.ts';
import type { RemoteAction } from './remote-action.ts';
import { CACHE, EXECUTOR } from './roles.ts';
import { Server } from './server.ts';
import { Traffic, type Bytes } from './traffic.ts';
import { Uploads } from './uploads.ts';

export type { RemoteAction } from './remote-action.ts';

/** Where results are read and written; both may be the same. */
export interface RemoteOptions extends Patience {
  readonly reads: Connection | undefined;
  readonly writes: Connection | undefined;
  /** Where actions are run, by workers that read and write where results are read. */
  readonly executes?: Connection | undefined;
  readonly warn: (message: string) => void;
}

/** What a build and a remote cache have given each other. */
export interface RemoteUse {
  /** Actions that workers have run. */
  readonly ran: number;
  /** Results that were taken, and that were sent. */
  readonly taken: number;
  readonly sent: number;
  /** Bytes of content. */
  readonly read: Bytes;
  readonly written: Bytes;
}

interface Taken {
  readonly nodes: readonly Node[];
  readonly remember: () => void;
}

export class RemoteCache implements Disposable {
  readonly #store: Store;
  readonly #servers: readonly (Server<RemoteBlobs> | Server<Execution>)[];
  readonly #downloads: Downloads | undefined;
  readonly #uploads: Uploads | undefined;
  readonly #executor: Executor | undefined;
  /** Keys of what was run. */
  readonly #ran = new Set<string>();
  readonly #traffic = new Traffic();
  readonly #taken = new Map<string, Taken>();
  readonly #known: KnownResults;
  /** What workers leave is where results are written. */
  readonly #writesWhereReads: boolean;
  /** Where results are read, as it was written; empty for nowhere. */
  readonly address: string;

  constructor(store: Store, { reads, writes, executes, warn, ...patience }: RemoteOptions) {
    this.#store = store;
    const reader = reads && new Server(CACHE, reads, patience, warn);
    const writer = writes && (reader && writes === reads ? reader : new Server(CACHE, writes, patience, warn));
    const workers = executes && new Server(EXECUTOR, executes, patience, warn);
    this.#servers = [reader, writer, workers].filter((one) => one !== undefined);
    this.#writesWhereReads = writer !== undefined && writer === reader;
    this.address = reads?.address.text ?? '';
    this.#known = new KnownResults(reader, undefined);
    this.#downloads = reader && new Downloads(store, reader, this.#traffic);
    this.#uploads = writer && new Uploads(store, writer, this.#traffic);
    if (workers && reader && this.#downloads) {
      const places = { store, cache: reader, downloads: this.#downloads, traffic: this.#traffic };
      this.#executor = new Executor(places, workers);
    }
  }

  /** The result of an action, its directories in the store; undefined for a miss. */
  async result(action: RemoteAction): Promise<ResultData | undefined> {
    const { key, command, inputRoot } = action;
    const result = await this.#downloads?.result(key, { outputs: command.outputs, inputRoot });
    if (!result) return undefined;
    this.#take(action, result);
    return result;
  }

  /** Whether there are workers. */
  get hasWorkers(): boolean {
    return this.#executor?.isOpen ?? false;
  }

  /** Has a worker run an action; undefined where none could. A result is used as one that was taken: see `made`. */
  async run(action: RemoteAction, request: RunRequest): Promise<Ran | undefined> {
    return this.#executor?.run(action, request);
  }

  /** Says what is wrong with the workers. */
  sayOfWorkers(what: string): void {
    this.#executor?.say(what);
  }

  /** Takes the result of an action that a worker has run. Under the key of what ran in its place, others would not find it. */
  made(action: RemoteAction, result: ResultData): void {
    this.#ran.add(action.key.hash);
    this.#take(action, result);
    if (action.runAs && this.#writesWhereReads) this.#uploads?.offer(action, result);
  }

  /** It is remembered at the end, where its files have come. */
  #take({ key, madeOf }: RemoteAction, result: ResultData): void {
    const remember = (): void => this.#store.actions.put(key, result, madeOf());
    this.#taken.set(key.hash, { nodes: [...result.outputs.values()], remember });
  }

  /** The tree that a set of packages is unpacked to; `remember` is called at the end where all of it has come. */
  async tree(action: RemoteAction, remember: (tree: Node) => void): Promise<Node | undefined> {
    const result = await this.result(action);
    const [tree] = result?.outputs.values() ?? [];
    if (tree) this.#taken.set(action.key.hash, { nodes: [tree], remember: () => remember(tree) });
    return tree;
  }

  /** Brings what the store lacks of nodes. What cannot be had is a `BLOB_MISSING` failure: what made it runs again. */
  async bring(nodes: Iterable<Node>): Promise<void> {
    await this.#downloads?.bring(nodes);
  }

  /** Whether nothing of a node is lost: it is in the store, or can be brought. */
  isInReach(node: Node): boolean {
    return this.#downloads?.isInReach(node) ?? this.#store.trees.complete(node);
  }

  /** What other machines have made of actions of a name. */
  known(name: string): Promise<readonly KnownResult[]> {
    return this.#known.of(name);
  }

  /** Sends a result beside the build, where it is complete in the store and the server has none. */
  offer(action: RemoteAction, result: ResultData): void {
    if (this.#taken.has(action.key.hash)) return;
    this.#uploads?.offer(action, result);
  }

  /** How many results are still to be sent. */
  get unsent(): number {
    return this.#uploads?.unsent ?? 0;
  }

  /** Sends what is left, and remembers those results whose files have all come. `syncAll` syncs the store's file system. */
  async finish(syncAll: () => Promise<void>): Promise<RemoteUse> {
    const sent = (await this.#uploads?.finish()) ?? 0;
    const { trees, cas } = this.#store;
    await this.#downloads?.bringLogs();
    const whole = [...this.#taken.values()].filter(({ nodes }) => nodes.every((node) => trees.complete(node)));
    if (whole.length > 0) await cas.sync(syncAll);
    for (const { remember } of whole) remember();
    const ran = this.#ran.size;
    return { ran, taken: this.#taken.size - ran, sent, read: this.#traffic.read, written: this.#traffic.written };
  }

  [Symbol.dispose](): void {
    for (const server of this.#servers) server[Symbol.dispose]();
  }
}
