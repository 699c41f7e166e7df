/** What a build takes from a server: results at once, and files when somebody reads them. */
import type { Digest } from '../../src/model/digest.ts';
import { fail } from '../../src/model/diagnostic.ts';
import { EMPTY } from '../cas.ts';
import type { ResultData } from '../reapi/messages.ts';
import type { Store } from '../store.ts';
import type { Node } from '../tree.ts';
import type { Lost, RemoteBlobs } from './blobs.ts';
import { BadResult, importResult, type Expected } from './import.ts';
import { isMissing, patiently } from './patience.ts';
import { inMemory, takerInto } from './receiver.ts';
import type { Server } from './server.ts';
import { fileKind, type Kind, type Traffic } from './traffic.ts';
import { onWire } from './wire-digest.ts';
import { toBinary } from '@bufbuild/protobuf';
import {
  ActionResultSchema,
  type ActionResult,
} from '../reapi/gen/build/bazel/remote/execution/v2/remote_execution_pb.js';

/** A larger log stays where it is. */
const MOST_LOG_BYTES = 1024 * 1024;
/** Nor is all of what an action has written kept here. */
const MOST_TEXT_BYTES = 16 * 1024 * 1024;
/** Messages that are larger are none of ours. */
const MOST_MESSAGE_BYTES = 256 * 1024 * 1024;

export class Downloads {
  readonly #store: Store;
  readonly #server: Server<RemoteBlobs>;
  readonly #traffic: Traffic;
  /** Files of results that were taken, by hash: the server has said that it has them. */
  readonly #there = new Set<string>();
  /** Blobs that it did not give when asked, by hash. */
  readonly #lost = new Set<string>();
  /** Keys under which it has a result that is none. */
  readonly #unusable = new Set<string>();
  /** Of results that were taken: for people, who may ask for them when the server is gone. */
  readonly #logs: Digest[] = [];
  #turn: Promise<unknown> = Promise.resolve();

  constructor(store: Store, server: Server<RemoteBlobs>, traffic: Traffic) {
    this.#store = store;
    this.#server = server;
    this.#traffic = traffic;
  }

  /** The result of an action; undefined where there is none that can be used. Its directories are in the store then. */
  async result(key: Digest, expected: Expected): Promise<ResultData | undefined> {
    return this.#server.attempt('reading', async (blobs) => {
      const answer = await this.#ask(key);
      // Some servers keep what has failed.
      const result = answer?.exitCode === 0 ? await this.#import(blobs, key, answer, expected) : undefined;
      if (answer && (!result || this.#isLost(result))) {
        this.#unusable.add(key.hash);
        return undefined;
      }
      if (result?.log && result.log.size <= MOST_LOG_BYTES) this.#logs.push(result.log);
      return result;
    });
  }

  /** Whether the server was seen to have a result for a key that cannot be used. */
  isUnusable({ hash }: Digest): boolean {
    return this.#unusable.has(hash);
  }

  /** A result that a worker has just given, taken as any other: what was lost of it before may be there now. */
  async made(key: Digest, answer: ActionResult, expected: Expected): Promise<ResultData | undefined> {
    return this.#server.attempt('reading', async (blobs) => {
      const result = await this.#import(blobs, key, answer, expected);
      if (!result) return undefined;
      for (const { hash } of this.#filesOf(result)) {
        this.#lost.delete(hash);
        this.#there.add(hash);
      }
      return result;
    });
  }

  /** Small blobs, for people: those that are not there are left out. */
  async texts(digests: readonly Digest[]): Promise<ReadonlyMap<string, Uint8Array>> {
    const found = new Map<string, Uint8Array>();
    const wanted = digests.filter(({ size }) => size <= MOST_TEXT_BYTES);
    await this.#server.attempt('reading', (blobs) => blobs.read(wanted, inMemory(found)));
    return found;
  }

  /** Notes what the server has turned out not to have. */
  lose(gone: readonly Digest[]): void {
    for (const { hash } of gone) this.#lost.add(hash);
  }

  /** Whether all of a node is in the store, or in reach. */
  isInReach(node: Node): boolean {
    const { trees } = this.#store;
    return trees.complete(
      node,
      ({ hash }) => this.#server.isOpenFor('reading') && this.#there.has(hash) && !this.#lost.has(hash),
    );
  }

  /** Brings what the store lacks of nodes. Throws a `BLOB_MISSING` failure where that cannot be had; one at a time. */
  bring(nodes: Iterable<Node>): Promise<void> {
    const turn = this.#turn.then(() => this.#bring([...nodes]));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Brings what the actions of results have written. What does not come is not missed. */
  async bringLogs(): Promise<void> {
    const absent = this.#logs.filter((of) => !this.#store.cas.has(of));
    if (absent.length === 0) return;
    const taker = takerInto(this.#store.cas, ({ size }) => (this.#traffic.read.results += size));
    await this.#server.attempt('reading', (blobs) => blobs.read(absent, taker));
  }

  async #import(
    blobs: RemoteBlobs,
    key: Digest,
    answer: ActionResult,
    expected: Expected,
  ): Promise<ResultData | undefined> {
    try {
      const read = (of: readonly Digest[]) => this.#messages(blobs, of);
      return await importResult({ trees: this.#store.trees, read }, answer, expected);
    } catch (error) {
      if (!(error instanceof BadResult)) throw error;
      this.#server.say(`its result ${key.hash.slice(0, 12)} is not used: ${error.message}`);
      return undefined;
    }
  }

  async #bring(nodes: readonly Node[]): Promise<void> {
    const files = new Map<string, Digest>();
    const seen = new Set<string>();
    let level = nodes.filter((node) => !this.#isLaidOut(node));
    while (level.length > 0) {
      const folders = level.flatMap((node) => (node.type === 'directory' ? [node.digest] : []));
      for (const node of level) if (node.type === 'file') files.set(node.digest.hash, node.digest);
      const fresh = folders.filter(({ hash }) => !seen.has(hash));
      for (const { hash } of fresh) seen.add(hash);
      await this.#have(fresh, 'trees');
      level = fresh.flatMap((of) => [...this.#store.trees.entries(of).values()]);
    }
    await this.#have([...files.values()], 'files');
  }

  /** A folder that sandboxes mount has all of the tree. */
  #isLaidOut(node: Node): boolean {
    return node.type === 'directory' && this.#store.folders.has(node);
  }

  async #have(digests: readonly Digest[], kind: 'trees' | 'files'): Promise<void> {
    const absent = digests.filter((of) => !this.#store.cas.has(of));
    if (absent.length === 0) return;
    const kindOf = (of: Digest): Kind => (kind === 'files' ? fileKind(of) : kind);
    const taker = takerInto(this.#store.cas, (of) => (this.#traffic.read[kindOf(of)] += of.size));
    const lost = await this.#server.attempt('reading', (blobs) => blobs.read(absent, taker));
    if (lost) this.#noteLost(lost);
    // A server that is given up has lost all that did not come.
    const gone = absent.filter((of) => !this.#store.cas.has(of));
    for (const { hash } of gone) this.#lost.add(hash);
    if (gone.length > 0)
      fail('BLOB_MISSING', `the remote cache does not give all that is needed: it lacks ${gone.length} of the blobs`, {
        hint: 'run the same command again: what made them runs again',
      });
  }

  async #ask(actionKey: Digest) {
    const { connection, patience } = this.#server;
    const question = { instanceName: connection.address.instance, actionDigest: onWire(actionKey) };
    try {
      const answer = await patiently(
        ({ signal }) => connection.actions.getActionResult(question, { signal }),
        patience,
      );
      this.#traffic.read.results += toBinary(ActionResultSchema, answer).length;
      return answer;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** Messages are held in memory. One that is lost makes the result none. */
  async #messages(blobs: RemoteBlobs, digests: readonly Digest[]): Promise<ReadonlyMap<string, Uint8Array>> {
    const found = new Map<string, Uint8Array>([[EMPTY.hash, new Uint8Array()]]);
    const size = digests.reduce((sum, of) => sum + of.size, 0);
    if (size > MOST_MESSAGE_BYTES) throw new BadResult(`its messages have ${size} bytes`);
    const lost = await blobs.read(digests, inMemory(found));
    this.#noteLost(lost);
    for (const [, reason] of lost) throw new BadResult(`a message of it cannot be read: ${reason}`);
    this.#traffic.read.trees += size;
    return found;
  }

  #noteLost(lost: Lost): void {
    for (const [hash, reason] of lost) {
      this.#lost.add(hash);
      this.#server.say(`${reason}: what made that runs again`);
    }
  }

  /** What is not lost is there, for all that is known. */
  #isLost(result: ResultData): boolean {
    const files = [...this.#filesOf(result)];
    if (files.some((of) => this.#lost.has(of.hash) && !this.#store.cas.has(of))) return true;
    for (const { hash } of files) this.#there.add(hash);
    return false;
  }

  *#filesOf({ outputs }: ResultData): Generator<Digest> {
    for (const root of outputs.values())
      for (const [, node] of this.#store.trees.walk(root)) if (node.type === 'file') yield node.digest;
  }
}
