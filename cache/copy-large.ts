/** Copies of large files, for people: made while others go on, and ended by a signal. */
import { open, type FileHandle } from 'node:fs/promises';
import { shareBlocks } from './files.ts';

const CHUNK = 256 * 1024;
const ZEROS = Buffer.alloc(CHUNK);

/**
 * A copy that shares blocks where the file system can, and keeps holes where it cannot: a chunk of zeros is not written.
 * Half a copy is left where it fails or the signal ends it.
 */
export async function copyLarge(from: string, to: string, signal?: AbortSignal): Promise<void> {
  if (shareBlocks(from, to)) return;
  await using source = await open(from);
  await using target = await open(to, 'wx', 0o644);
  const { size } = await source.stat();
  await target.truncate(size);
  const buffers = [Buffer.allocUnsafeSlow(CHUNK), Buffer.allocUnsafeSlow(CHUNK)] as const;
  const read = async (at: number): Promise<Buffer> => {
    const buffer = buffers[(at / CHUNK) % 2]!;
    const { bytesRead } = await source.read(buffer, 0, CHUNK, at);
    if (bytesRead < Math.min(CHUNK, size - at)) throw new Error(`${from} was cut off while it was copied`);
    return buffer.subarray(0, bytesRead);
  };
  let chunk = await read(0);
  for (let at = 0; at < size; at += CHUNK) {
    signal?.throwIfAborted();
    // The next one is read while this one is written.
    [chunk] = await Promise.all([read(at + CHUNK), writeChunk(target, chunk, at)]);
  }
}

async function writeChunk(target: FileHandle, chunk: Buffer, at: number): Promise<void> {
  if (chunk.equals(ZEROS.subarray(0, chunk.length))) return;
  for (let done = 0; done < chunk.length;)
    done += (await target.write(chunk, done, chunk.length - done, at + done)).bytesWritten;
}
