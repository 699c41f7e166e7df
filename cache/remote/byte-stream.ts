/** Blobs that are too large for a batch, as streams: what was cut goes on where it was. */
import { Code, ConnectError } from '@connectrpc/connect';
import { randomUUID } from 'node:crypto';
import type { Digest } from '../../src/model/digest.ts';
import type { Connection } from './connection.ts';
import { Deadline, patiently, type Patience } from './patience.ts';

/** Below the 4 MiB that gRPC takes for a message. */
const CHUNK_BYTES = 1024 * 1024;

/** Where bytes go. */
export interface Sink {
  write(bytes: Uint8Array): void;
  /** Forgets what was written. */
  restart(): void;
}

/** Reads a blob into a sink, as the server gives it: the caller looks at its hash. Throws a `ConnectError`. */
export async function readStream(connection: Connection, of: Digest, sink: Sink, patience: Patience): Promise<void> {
  const resourceName = [...instanceOf(connection), 'blobs', of.hash, of.size].join('/');
  let done = 0;
  const readOn = async (): Promise<void> => {
    const from = done;
    using deadline = new Deadline(patience);
    try {
      const answers = connection.bytes.read({ resourceName, readOffset: BigInt(from) }, { signal: deadline.signal });
      for await (const { data } of answers) {
        if (data.length > 0) deadline.progress();
        if (done + data.length > of.size)
          throw new ConnectError('the blob is longer than its digest says', Code.DataLoss);
        sink.write(data);
        done += data.length;
      }
      if (done < of.size) throw new ConnectError('the stream ended too early', Code.Unavailable);
    } catch (thrown) {
      const error = deadline.reasonOf(thrown);
      const { code } = ConnectError.from(error);
      // Whatever came is kept. A server that cannot begin in the middle is asked for all of it.
      if (done > from && code !== Code.DataLoss) return;
      if (from > 0 && CANNOT_RESUME.has(code)) {
        sink.restart();
        done = 0;
      }
      throw error;
    }
  };
  while (done < of.size) await patiently(readOn, patience);
}

const CANNOT_RESUME: ReadonlySet<Code> = new Set([
  Code.OutOfRange,
  Code.InvalidArgument,
  Code.Unimplemented,
  Code.NotFound,
]);

/** Writes a blob; `read` gives its bytes from an offset on. Throws a `ConnectError`. */
export async function writeStream(
  connection: Connection,
  of: Digest,
  read: (offset: number, chunkBytes: number) => Iterable<Uint8Array>,
  patience: Patience,
): Promise<void> {
  const newName = (): string =>
    [...instanceOf(connection), 'uploads', randomUUID(), 'blobs', of.hash, of.size].join('/');
  let resourceName = newName();
  await patiently(async (attempt) => {
    const offset = attempt === 1 ? 0 : await committed(connection, resourceName, patience);
    // All of it had come, and the answer was lost.
    if (offset === of.size) return;
    if (offset > of.size) resourceName = newName();
    const from = offset > of.size ? 0 : offset;
    using deadline = new Deadline(patience);
    const requests = async function* () {
      let writeOffset = from;
      for (const data of read(from, CHUNK_BYTES)) {
        deadline.progress();
        yield {
          resourceName,
          writeOffset: BigInt(writeOffset),
          data,
          finishWrite: writeOffset + data.length === of.size,
        };
        writeOffset += data.length;
      }
    };
    try {
      const { committedSize } = await connection.bytes.write(requests(), { signal: deadline.signal });
      // Less than all: it goes on from there. -1 is what some servers say of a compressed blob that was there.
      if (committedSize >= 0n && committedSize < BigInt(of.size))
        throw new ConnectError('the server has not taken all of it', Code.Unavailable);
    } catch (error) {
      throw deadline.reasonOf(error);
    }
  }, patience);
}

/** How much of a blob the server has; nothing, where it cannot tell. */
async function committed(
  { bytes }: Connection,
  resourceName: string,
  { timeoutMs, signal }: Patience,
): Promise<number> {
  try {
    const { committedSize } = await bytes.queryWriteStatus({ resourceName }, { timeoutMs, signal });
    return Number(committedSize);
  } catch {
    return 0;
  }
}

function instanceOf({ address: { instance } }: Connection): string[] {
  return instance === '' ? [] : [instance];
}
