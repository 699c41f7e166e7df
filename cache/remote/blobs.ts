/** The blobs of a server: which of them it has, and their way here and there, in batches and streams. */
import { Code, ConnectError } from '@connectrpc/connect';
import { digest, type Digest } from '../../src/model/digest.ts';
import { digestOf, EMPTY } from '../cas.ts';
import { readStream, writeStream, type Sink } from './byte-stream.ts';
import type { Connection } from './connection.ts';
import { isRefusal, isUnreachable, patiently, type Patience } from './patience.ts';
import { inParallel } from './parallel.ts';

/** Of 70 bytes each; a message of gRPC has 4 MiB. */
const DIGESTS_PER_QUESTION = 20_000;
/** Of the status of a blob in a batch. */
const OK = 0;
const NOT_FOUND: number = Code.NotFound;
/** Beside the bytes, for the digest and status of each blob in a batch. */
const OVERHEAD_BYTES = 160;
const STREAMS = 24;

/** Where blobs that are read go. */
export interface Taker {
  /** Bytes whose hash was looked at. */
  take(of: Digest, bytes: Uint8Array): void;
  /** For a blob that comes as a stream. */
  open(of: Digest): Receiver;
}

export interface Receiver extends Sink, Disposable {
  /** Looks at the hash, and takes the blob where it is right. */
  finish(): boolean;
}

/** A blob that is to be sent. */
export interface Source {
  readonly digest: Digest;
  /** Its bytes from an offset on. */
  read(offset: number, chunkBytes: number): Iterable<Uint8Array>;
}

/** What a server takes at once. */
export interface Limits {
  readonly batchBytes: number;
}

/** Blobs that the server does not give, by hash, with the reason. */
export type Lost = Map<string, string>;

export class RemoteBlobs {
  readonly #connection: Connection;
  readonly #limits: Limits;
  readonly #patience: Patience;
  /** Seen there in this build. */
  readonly #there = new Set<string>([EMPTY.hash]);

  constructor(connection: Connection, limits: Limits, patience: Patience) {
    this.#connection = connection;
    this.#limits = limits;
    this.#patience = patience;
  }

  /** The blobs that the server does not have. What it was seen to have before is not asked for. */
  async missing(digests: Iterable<Digest>): Promise<Digest[]> {
    const asked = unique(digests).filter(({ hash }) => !this.#there.has(hash));
    const missing = new Set<string>();
    const { timeoutMs, signal } = this.#patience;
    for (let at = 0; at < asked.length; at += DIGESTS_PER_QUESTION) {
      const blobDigests = asked.slice(at, at + DIGESTS_PER_QUESTION).map(onWire);
      const question = { instanceName: this.#instance, blobDigests };
      const answer = await patiently(
        () => this.#connection.blobs.findMissingBlobs(question, { timeoutMs, signal }),
        this.#patience,
      );
      for (const { hash } of answer.missingBlobDigests) missing.add(hash);
    }
    for (const { hash } of asked) if (!missing.has(hash)) this.#there.add(hash);
    return asked.filter(({ hash }) => missing.has(hash));
  }

  /** Reads blobs. Those that the server does not have, or has not as they should be, are lost. Throws where it is unreachable. */
  async read(digests: Iterable<Digest>, taker: Taker): Promise<Lost> {
    const lost: Lost = new Map();
    const wanted = unique(digests).filter(({ size }) => size > 0);
    const [small, large] = this.#bySize(wanted);
    const works = [...batches(small, this.#limits.batchBytes), ...large.map((one) => [one])];
    await inParallel(works, STREAMS, async (batch) => {
      const alone = batch.length === 1 ? batch : await this.#readBatch(batch, taker, lost);
      for (const one of alone) await this.#readAlone(one, taker, lost);
    });
    return lost;
  }

  /** Writes blobs that the server does not have. */
  async write(sources: readonly Source[]): Promise<void> {
    const byHash = new Map(sources.map((one) => [one.digest.hash, one]));
    const missing = await this.missing(sources.map(({ digest }) => digest));
    const [small, large] = this.#bySize(missing);
    const works = [...batches(small, this.#limits.batchBytes), ...large.map((one) => [one])];
    await inParallel(works, STREAMS, async (batch) => {
      const all = batch.map(({ hash }) => byHash.get(hash)!);
      const alone = all.length === 1 ? all : await this.#writeBatch(all);
      for (const one of alone)
        await writeStream(this.#connection, one.digest, (...from) => one.read(...from), this.#patience);
      for (const { hash } of batch) this.#there.add(hash);
    });
  }

  /** What was believed to be there turned out not to be. */
  forget({ hash }: Digest): void {
    this.#there.delete(hash);
  }

  get #instance(): string {
    return this.#connection.address.instance;
  }

  #bySize(digests: readonly Digest[]): [small: Digest[], large: Digest[]] {
    const isSmall = ({ size }: Digest): boolean => size + OVERHEAD_BYTES <= this.#limits.batchBytes / 2;
    return [digests.filter(isSmall), digests.filter((one) => !isSmall(one))];
  }

  /** Gives what is better asked for one by one. */
  async #readBatch(batch: readonly Digest[], taker: Taker, lost: Lost): Promise<readonly Digest[]> {
    const { timeoutMs, signal } = this.#patience;
    const question = { instanceName: this.#instance, digests: batch.map(onWire) };
    const ask = () => this.#connection.blobs.batchReadBlobs(question, { timeoutMs, signal });
    const left = new Map(batch.map((one) => [one.hash, one]));
    let answers;
    try {
      ({ responses: answers } = await patiently(ask, this.#patience));
    } catch (error) {
      if (isUnreachable(error) || isRefusal(error)) throw error;
      return batch;
    }
    for (const { digest: about, data, status } of answers) {
      const of = left.get(about?.hash ?? '');
      const code = status?.code ?? OK;
      if (!of || (code !== OK && code !== NOT_FOUND)) continue;
      left.delete(of.hash);
      if (code === NOT_FOUND) lost.set(of.hash, 'the server does not have it any more');
      else if (isWhole(of, data)) taker.take(of, data);
      else lost.set(of.hash, WRONG);
    }
    return [...left.values()];
  }

  async #readAlone(of: Digest, taker: Taker, lost: Lost): Promise<void> {
    using receiver = taker.open(of);
    try {
      await readStream(this.#connection, of, receiver, this.#patience);
    } catch (error) {
      this.#patience.signal.throwIfAborted();
      if (isUnreachable(error) || isRefusal(error) || !(error instanceof ConnectError)) throw error;
      lost.set(of.hash, error.code === Code.NotFound ? 'the server does not have it any more' : error.message);
      return;
    }
    if (!receiver.finish()) lost.set(of.hash, WRONG);
  }

  /** Gives what is better sent one by one. */
  async #writeBatch(batch: readonly Source[]): Promise<readonly Source[]> {
    const { timeoutMs, signal } = this.#patience;
    const requests = batch.map((one) => ({ digest: onWire(one.digest), data: whole(one.read(0, one.digest.size)) }));
    const question = { instanceName: this.#instance, requests };
    const { responses } = await patiently(
      () => this.#connection.blobs.batchUpdateBlobs(question, { timeoutMs, signal }),
      this.#patience,
    );
    const taken = new Set(responses.flatMap(({ digest, status }) => (status?.code ? [] : [digest?.hash])));
    return batch.filter(({ digest }) => !taken.has(digest.hash));
  }
}

const WRONG = 'the server gave other bytes than asked for';

function onWire({ hash, size }: Digest): { hash: string; sizeBytes: bigint } {
  return { hash, sizeBytes: BigInt(size) };
}

/** From the server's words; undefined for what is none. */
export function fromWire(of: { readonly hash: string; readonly sizeBytes: bigint } | undefined): Digest | undefined {
  if (!of) return undefined;
  const found = digest(of.hash, Number(of.sizeBytes));
  if (found.size === 0 && found.hash !== EMPTY.hash) throw new TypeError(`not a digest: ${found.hash}/0`);
  return found;
}

function isWhole(of: Digest, bytes: Uint8Array): boolean {
  return bytes.length === of.size && digestOf(bytes).hash === of.hash;
}

function unique(digests: Iterable<Digest>): Digest[] {
  return [...new Map([...digests].map((one) => [one.hash, one])).values()];
}

function whole(chunks: Iterable<Uint8Array>): Uint8Array {
  const all = [...chunks];
  return all.length === 1 ? all[0]! : Buffer.concat(all);
}

function batches(digests: readonly Digest[], most: number): Digest[][] {
  const made: Digest[][] = [];
  let room = 0;
  for (const one of digests) {
    if (room < one.size + OVERHEAD_BYTES) {
      made.push([]);
      room = most;
    }
    made.at(-1)!.push(one);
    room -= one.size + OVERHEAD_BYTES;
  }
  return made;
}
