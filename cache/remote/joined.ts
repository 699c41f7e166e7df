/**
 * Large files that change a little from build to build, such as archives, are sent in chunks that the server joins: what it
 * has of them already is not sent again.
 */
import { ConnectError } from '@connectrpc/connect';
import { chunksOf } from './chunks.ts';
import type { Connection } from './connection.ts';
import { isRefusal, isUnreachable, patiently, type Patience } from './patience.ts';
import type { Source } from './source.ts';
import { onWire } from './wire-digest.ts';

/** Below, it saves too little; above, the list of chunks would be too long for a message. */
const LEAST_BYTES = 4 * 1024 * 1024;
const MOST_BYTES = 4 * 1024 * 1024 * 1024;
const READ_BYTES = 1024 * 1024;

export function isWorthJoining({ digest: { size } }: Source): boolean {
  return size >= LEAST_BYTES && size <= MOST_BYTES;
}

interface Joining {
  readonly connection: Connection;
  readonly patience: Patience;
  readonly write: (chunks: readonly Source[]) => Promise<void>;
}

/** Sends a file in chunks and has the server join them. False where the server does not do that: it is to be sent whole. */
export async function writeJoined({ connection, patience, write }: Joining, source: Source): Promise<boolean> {
  const chunks = [...chunksOf(source.read(0, READ_BYTES))];
  const { onSent } = source;
  await write(
    chunks.map(({ offset, digest }) => ({
      digest,
      read: piece(source, offset, digest.size),
      ...(onSent ? { onSent } : {}),
    })),
  );
  const question = {
    instanceName: connection.address.instance,
    blobDigest: onWire(source.digest),
    chunkDigests: chunks.map(({ digest }) => onWire(digest)),
  };
  try {
    const answer = await patiently(({ signal }) => connection.blobs.spliceBlob(question, { signal }), patience);
    return answer.blobDigest?.hash === source.digest.hash;
  } catch (error) {
    if (!(error instanceof ConnectError) || isUnreachable(error) || isRefusal(error)) throw error;
    return false;
  }
}

/** A part of a source, as a source. */
function piece({ read }: Source, start: number, size: number): Source['read'] {
  return function* (offset, chunkBytes) {
    let left = size - offset;
    if (left <= 0) return;
    for (const bytes of read(start + offset, Math.min(chunkBytes, left))) {
      yield bytes.subarray(0, left);
      left -= bytes.length;
      if (left <= 0) return;
    }
  };
}
