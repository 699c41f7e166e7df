/** Blobs on their way are compressed with Zstandard, where the server knows it. What comes is no larger than it may be. */
import { Code, ConnectError } from '@connectrpc/connect';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress, createZstdDecompress, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Reading } from './source.ts';

/** The fastest: lines that are shared are faster than the better ones. */
const LEVEL = { [constants.ZSTD_c_compressionLevel]: 1 };
/** What a server may ask to be remembered of a stream: 32 MiB. */
const MOST_MEMORY = { [constants.ZSTD_d_windowLogMax]: 25 };
const CHUNK_BYTES = 1024 * 1024;
/** Below, it saves nothing. */
const LEAST_BYTES = 256;
/** What is looked at of a blob, at its beginning, in its middle and at its end. */
const SAMPLE_BYTES = 16 * 1024;
/** What stays larger than this is compressed already: archives, packages, images. */
const LARGEST_SHARE = 0.95;

/** The bytes compressed, where that makes them smaller. */
export function compressed(bytes: Uint8Array): Uint8Array | undefined {
  const read: Reading = (offset) => [bytes.subarray(offset, offset + SAMPLE_BYTES)];
  if (bytes.length < LEAST_BYTES || !isWorthCompressing(bytes.length, read)) return undefined;
  const made = compress(bytes);
  return made.length < bytes.length ? made : undefined;
}

/** Whether a blob gets smaller, by three samples: compressing costs as much time as sending over a fast line. */
export function isWorthCompressing(size: number, read: Reading): boolean {
  const last = Math.max(0, size - SAMPLE_BYTES);
  return [...new Set([0, Math.floor(last / 2), last])].some((offset) => {
    for (const sample of read(offset, SAMPLE_BYTES)) return compress(sample).length < sample.length * LARGEST_SHARE;
    return false;
  });
}

function compress(bytes: Uint8Array): Uint8Array {
  return zstdCompressSync(bytes, { params: LEVEL });
}

/** Throws a `ConnectError` for what is not compressed, or has another size. */
export function decompress(bytes: Uint8Array, size: number): Uint8Array {
  try {
    return zstdDecompressSync(bytes, { params: MOST_MEMORY, maxOutputLength: size });
  } catch (error) {
    throw damaged(error);
  }
}

/** What chunks are when compressed. Where they cannot be read, it ends with that error. */
export function compressing(chunks: Iterable<Uint8Array>, signal: AbortSignal): AsyncIterable<Uint8Array> {
  const stream = createZstdCompress({ chunkSize: CHUNK_BYTES, params: LEVEL });
  // Who reads it meets the error.
  pipeline(chunks, stream, { signal }).catch(() => undefined);
  return stream as AsyncIterable<Uint8Array>;
}

/** Gives what compressed chunks hold to a function, as it comes. Throws a `ConnectError` for what is not compressed. */
export async function decompressing(
  chunks: AsyncIterable<Uint8Array>,
  take: (bytes: Uint8Array) => void,
): Promise<void> {
  const stream = createZstdDecompress({ chunkSize: CHUNK_BYTES, params: MOST_MEMORY });
  try {
    await pipeline(chunks, stream, async (plain: AsyncIterable<Uint8Array>) => {
      for await (const bytes of plain) take(bytes);
    });
  } catch (error) {
    throw damaged(error);
  }
}

/** Errors of others pass. */
function damaged(error: unknown): unknown {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return /^(Z_|ZSTD_|ERR_BUFFER_TOO_LARGE)/.test(code)
    ? new ConnectError(`what should be compressed is not: ${message}`, Code.DataLoss)
    : error;
}
