/** Blobs that are too large for a batch, as streams: what was cut goes on where it was. */
import { Code, ConnectError } from '@connectrpc/connect';
import { randomUUID } from 'node:crypto';
import type { Digest } from '../../src/model/digest.ts';
import { compressing, decompressing, isWorthCompressing } from './compression.ts';
import type { Connection } from './connection.ts';
import type { Deadline } from './deadline.ts';
import { patiently, type Patience } from './patience.ts';
import type { Reading } from './source.ts';

/** Below the 4 MiB that gRPC takes for a message. */
const CHUNK_BYTES = 1024 * 1024;
/** Who has got on by this much may be cut as often as it likes. */
const PROGRESS_BYTES = 256 * 1024;
const ZSTD = 'compressed-blobs/zstd';

/** Where bytes go. */
export interface Sink {
  write(bytes: Uint8Array): void;
  /** Forgets what was written. */
  restart(): void;
}

/** How streams go. */
export interface Streaming {
  readonly connection: Connection;
  readonly patience: Patience;
  /** The server knows Zstandard. */
  readonly zstd: boolean;
}

/** Reads a blob into a sink, as the server gives it: the caller looks at its hash. Throws a `ConnectError`. */
export async function readStream({ connection, patience, zstd }: Streaming, of: Digest, sink: Sink): Promise<void> {
  let done = 0;
  const take = (data: Uint8Array): void => {
    if (done + data.length > of.size) throw new ConnectError('the blob is longer than its digest says', Code.DataLoss);
    sink.write(data);
    done += data.length;
  };
  const readOn = async (deadline: Deadline, attempt: number): Promise<void> => {
    const from = done;
    const isCompressed = zstd && attempt === 1;
    const resourceName = nameOf(connection, of, isCompressed ? ZSTD : 'blobs');
    try {
      const answers = connection.bytes.read({ resourceName, readOffset: BigInt(from) }, { signal: deadline.signal });
      const chunks = noted(answers, deadline);
      if (isCompressed) await decompressing(chunks, take);
      else for await (const data of chunks) take(data);
      if (done < of.size) throw new ConnectError('the stream ended too early', Code.Unknown);
    } catch (error) {
      const { code } = ConnectError.from(deadline.reasonOf(error));
      if (code === Code.DataLoss || (from > 0 && CANNOT_RESUME.has(code))) {
        sink.restart();
        done = 0;
        // A server that cannot begin in the middle is asked for all of it.
        throw code === Code.DataLoss ? error : new ConnectError('the server cannot go on with it', Code.Unknown);
      }
      if (done - from >= PROGRESS_BYTES && error instanceof ConnectError) return;
      throw error;
    }
  };
  // Who shares the line with others that get on may still be forgotten.
  while (done < of.size) await patiently(readOn, { ...patience, moved: undefined });
}

const CANNOT_RESUME: ReadonlySet<Code> = new Set([
  Code.OutOfRange,
  Code.InvalidArgument,
  Code.Unimplemented,
  Code.NotFound,
]);

async function* noted(
  answers: AsyncIterable<{ readonly data: Uint8Array }>,
  deadline: Deadline,
): AsyncGenerator<Uint8Array> {
  for await (const { data } of answers) {
    deadline.progress(data.length);
    yield data;
  }
}

/** Writes a blob; `read` gives its bytes from an offset on. Throws a `ConnectError`. */
export async function writeStream(streaming: Streaming, of: Digest, read: Reading): Promise<void> {
  const { connection, patience } = streaming;
  const isCompressed = streaming.zstd && isWorthCompressing(of.size, read);
  let plainName: string | undefined;
  await patiently(async (deadline, attempt) => {
    // What was cut goes on where it was, which only what is not compressed can.
    if (isCompressed && attempt === 1) {
      const chunks = compressing(read(0, CHUNK_BYTES), deadline.signal);
      return send(connection, { name: uploadName(connection, of, ZSTD), of, chunks, offset: 0 }, deadline);
    }
    const there = plainName === undefined ? 0 : await committed(connection, plainName, deadline);
    // All of it had come, and the answer was lost.
    if (there === of.size) return;
    const offset = there > 0 && there < of.size ? there : 0;
    if (offset === 0 || plainName === undefined) plainName = uploadName(connection, of, 'blobs');
    return send(connection, { name: plainName, of, chunks: read(offset, CHUNK_BYTES), offset }, deadline);
  }, patience);
}

interface Upload {
  readonly name: string;
  readonly of: Digest;
  readonly chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  readonly offset: number;
}

async function send(
  { bytes }: Connection,
  { name: resourceName, of, chunks, offset }: Upload,
  deadline: Deadline,
): Promise<void> {
  let sent = offset;
  const requests = async function* () {
    for await (const data of chunks) {
      deadline.progress(data.length);
      yield { resourceName, writeOffset: BigInt(sent), data };
      sent += data.length;
    }
    yield { resourceName, writeOffset: BigInt(sent), finishWrite: true };
  };
  const { committedSize } = await bytes.write(requests(), { signal: deadline.signal });
  // A blob that was there has its own size, or -1. Less than all goes on from there.
  if (committedSize >= 0n && committedSize < BigInt(Math.min(sent, of.size)))
    throw new ConnectError('the server has not taken all of it', Code.Unavailable);
}

/** How much of a blob the server has; nothing, where it cannot tell. */
async function committed({ bytes }: Connection, resourceName: string, { signal }: Deadline): Promise<number> {
  try {
    const { committedSize } = await bytes.queryWriteStatus({ resourceName }, { signal });
    return Number(committedSize);
  } catch {
    return 0;
  }
}

function uploadName(connection: Connection, of: Digest, kind: string): string {
  return nameOf(connection, of, `uploads/${randomUUID()}/${kind}`);
}

function nameOf({ address: { instance } }: Connection, { hash, size }: Digest, kind: string): string {
  return [...(instance === '' ? [] : [instance]), kind, hash, size].join('/');
}
