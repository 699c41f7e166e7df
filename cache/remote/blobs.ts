/** The blobs of a server: which of them it has, and their way here and there, in batches and streams. */
import { Code, ConnectError } from '@connectrpc/connect';
import type { Digest } from '../../src/model/digest.ts';
import { inParallel } from '../../src/model/in-parallel.ts';
import { digestOf, EMPTY } from '../cas.ts';
import { Compressor_Value } from '../reapi/gen/build/bazel/remote/execution/v2/remote_execution_pb.js';
import { batches, unique } from './batches.ts';
import { readStream, writeStream, type Sink, type Streaming } from './byte-stream.ts';
import { compressed, decompress } from './compression.ts';
import type { Connection } from './connection.ts';
import { InFlight } from './in-flight.ts';
import { isWorthJoining, writeJoined } from './joined.ts';
import { isRefusal, isUnreachable, patiently, type Patience } from './patience.ts';
import type { Source } from './source.ts';
import { onWire } from './wire-digest.ts';

/** Of 70 bytes each; a message of gRPC has 4 MiB. */
const DIGESTS_PER_QUESTION = 20_000;
/** Of the status of a blob in a batch. */
const OK = 0;
const NOT_FOUND: number = Code.NotFound;
const STREAMS = 24;
const GONE = 'the server does not have it any more';
const WRONG = 'the server gave other bytes than asked for';

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

/** What a server takes and gives. */
export interface Limits {
  /** At once. */
  readonly batchBytes: number;
  /** Compressed with Zstandard: as streams, and in batches. */
  readonly zstd: boolean;
  readonly zstdBatches: boolean;
  /** It joins blobs to one. */
  readonly joins: boolean;
}

/** Blobs that the server does not give, by hash, with the reason. */
export type Lost = Map<string, string>;

export class RemoteBlobs {
  readonly #connection: Connection;
  readonly #limits: Limits;
  readonly #patience: Patience;
  readonly #streaming: Streaming;
  /** Seen there in this build. */
  readonly #there = new Set<string>([EMPTY.hash]);
  readonly #sending = new InFlight();

  constructor(connection: Connection, limits: Limits, patience: Patience) {
    this.#connection = connection;
    this.#limits = limits;
    this.#patience = patience;
    this.#streaming = { connection, patience, zstd: limits.zstd };
  }

  /** The blobs that the server does not have. What it was seen to have before is not asked for. */
  async missing(digests: Iterable<Digest>): Promise<Digest[]> {
    const asked = unique(digests).filter(({ hash }) => !this.#there.has(hash));
    const missing = new Set<string>();
    const questions = Array.from({ length: Math.ceil(asked.length / DIGESTS_PER_QUESTION) }, (_none, index) =>
      asked.slice(index * DIGESTS_PER_QUESTION, (index + 1) * DIGESTS_PER_QUESTION),
    );
    await inParallel(questions, STREAMS, async (some) => {
      const question = { instanceName: this.#instance, blobDigests: some.map(onWire) };
      const answer = await patiently(
        ({ signal }) => this.#connection.blobs.findMissingBlobs(question, { signal }),
        this.#patience,
      );
      for (const { hash } of answer.missingBlobDigests) missing.add(hash);
    });
    for (const { hash } of asked) if (!missing.has(hash)) this.#there.add(hash);
    return asked.filter(({ hash }) => missing.has(hash));
  }

  /** Reads blobs. Those that the server does not have, or has not as they should be, are lost. Throws where it is unreachable. */
  async read(digests: Iterable<Digest>, taker: Taker): Promise<Lost> {
    const lost: Lost = new Map();
    const wanted = unique(digests).filter(({ size }) => size > 0);
    await inParallel(batches(wanted, this.#limits.batchBytes), STREAMS, async (batch) => {
      const alone = batch.length === 1 ? batch : await this.#readBatch(batch, taker, lost);
      for (const one of alone) await this.#readAlone(one, taker, lost);
    });
    return lost;
  }

  /** Forgets what the server was seen to have: it has lost some of it. */
  forget(): void {
    this.#there.clear();
    this.#there.add(EMPTY.hash);
  }

  /** Writes blobs that the server does not have. */
  async write(sources: readonly Source[]): Promise<void> {
    await this.send(sources, await this.missing(sources.map(({ digest }) => digest)));
  }

  /** Writes those blobs that are missing there. One that is on its way already is waited for. */
  async send(sources: readonly Source[], missing: readonly Digest[]): Promise<void> {
    const byHash = new Map(sources.map((one) => [one.digest.hash, one]));
    const notYet = missing.filter(({ hash }) => !this.#there.has(hash));
    await this.#sending.each(notYet, (some) =>
      inParallel(batches(some, this.#limits.batchBytes), STREAMS, async (batch) => {
        const all = batch.map(({ hash }) => byHash.get(hash)!);
        const alone = all.length === 1 ? all : await this.#writeBatch(all);
        for (const one of alone) await this.#writeAlone(one);
        for (const { hash } of batch) this.#there.add(hash);
      }),
    );
  }

  get #instance(): string {
    return this.#connection.address.instance;
  }

  /** Gives what is better asked for one by one. */
  async #readBatch(batch: readonly Digest[], taker: Taker, lost: Lost): Promise<readonly Digest[]> {
    const question = {
      instanceName: this.#instance,
      digests: batch.map(onWire),
      acceptableCompressors: this.#limits.zstd ? [Compressor_Value.ZSTD] : [],
    };
    const left = new Map(batch.map((one) => [one.hash, one]));
    let answers;
    try {
      ({ responses: answers } = await patiently(
        ({ signal }) => this.#connection.blobs.batchReadBlobs(question, { signal }),
        this.#patience,
      ));
    } catch (error) {
      if (!(error instanceof ConnectError) || isUnreachable(error) || isRefusal(error)) throw error;
      return batch;
    }
    for (const { digest: about, data, compressor, status } of answers) {
      const of = left.get(about?.hash ?? '');
      const code = status?.code ?? OK;
      if (!of || (code !== OK && code !== NOT_FOUND)) continue;
      left.delete(of.hash);
      const bytes = code === OK ? plain(of, data, compressor) : undefined;
      if (bytes) taker.take(of, bytes);
      else lost.set(of.hash, code === NOT_FOUND ? GONE : WRONG);
    }
    return [...left.values()];
  }

  async #readAlone(of: Digest, taker: Taker, lost: Lost): Promise<void> {
    using receiver = taker.open(of);
    try {
      await readStream(this.#streaming, of, receiver);
    } catch (error) {
      this.#patience.signal.throwIfAborted();
      if (isUnreachable(error) || isRefusal(error) || !(error instanceof ConnectError)) throw error;
      lost.set(of.hash, error.code === Code.NotFound ? GONE : error.message);
      return;
    }
    if (!receiver.finish()) lost.set(of.hash, WRONG);
  }

  async #writeAlone(one: Source): Promise<void> {
    const { connection, patience } = this.#streaming;
    const isJoined = this.#limits.joins && one.inParts && isWorthJoining(one);
    const write = (chunks: readonly Source[]): Promise<void> => this.write(chunks);
    if (isJoined && (await writeJoined({ connection, patience, write }, one))) return;
    await writeStream(this.#streaming, one.digest, one.read);
    one.onSent?.(one.digest.size);
  }

  /** Gives what is better sent one by one. */
  async #writeBatch(batch: readonly Source[]): Promise<readonly Source[]> {
    const requests = batch.map((one) => this.#request(one));
    const question = { instanceName: this.#instance, requests };
    const { responses } = await patiently(
      ({ signal }) => this.#connection.blobs.batchUpdateBlobs(question, { signal }),
      this.#patience,
    );
    const taken = new Set(responses.flatMap(({ digest, status }) => (status?.code ? [] : [digest?.hash])));
    for (const { digest, onSent } of batch) if (taken.has(digest.hash)) onSent?.(digest.size);
    return batch.filter(({ digest }) => !taken.has(digest.hash));
  }

  #request({ digest: of, read }: Source) {
    const data = whole(read(0, of.size));
    const small = this.#limits.zstdBatches ? compressed(data) : undefined;
    return small
      ? { digest: onWire(of), data: small, compressor: Compressor_Value.ZSTD }
      : { digest: onWire(of), data };
  }
}

/** The bytes of a blob in a batch; undefined where they are not its. */
function plain(of: Digest, data: Uint8Array, compressor: Compressor_Value): Uint8Array | undefined {
  try {
    const bytes = compressor === Compressor_Value.ZSTD ? decompress(data, of.size) : data;
    return bytes.length === of.size && digestOf(bytes).hash === of.hash ? bytes : undefined;
  } catch {
    return undefined;
  }
}

function whole(chunks: Iterable<Uint8Array>): Uint8Array {
  const all = [...chunks];
  return all.length === 1 ? all[0]! : Buffer.concat(all);
}
