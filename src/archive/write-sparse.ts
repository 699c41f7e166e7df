/** Writes a file as a stream; runs of zeros stay holes. */
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';

/**
 * Bytes of a write; where all of them are zeros, nothing is written. Larger writes make larger pages in the kernel's
 * cache: they come from memory that was not in use for long, and a virtual machine has to ask its host for that anew.
 */
const PART_SIZE = 64 * 1024;
const ZEROS = Buffer.alloc(PART_SIZE);

/** Writes chunks to a file that does not exist; gives its bytes. A chunk may be changed once the next one is asked for. */
export async function writeSparse(chunks: AsyncIterable<Uint8Array>, path: string): Promise<number> {
  const file = openSync(path, 'wx');
  try {
    let size = 0;
    for await (const chunk of chunks) {
      writeParts(file, chunk, size);
      size += chunk.length;
    }
    ftruncateSync(file, size);
    return size;
  } finally {
    closeSync(file);
  }
}

function writeParts(file: number, chunk: Uint8Array, position: number): void {
  for (let at = 0; at < chunk.length;) {
    const part = chunk.subarray(at, at + PART_SIZE - ((position + at) % PART_SIZE));
    if (Buffer.compare(part, ZEROS.subarray(0, part.length)) !== 0) writeFully(file, part, position + at);
    at += part.length;
  }
}

function writeFully(file: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done, bytes.length - done, position + done);
}
