/** Where bytes are written: the one interface that writers of this folder write through, and a sparse raw file. */
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { isZero } from './format.ts';

/** Something that can be written anywhere: a disk under edit, a raw file. */
export interface ByteSink {
  write(offset: number, bytes: Uint8Array): void;
}

/** A new raw file. Zeros that are written where nothing was before stay holes. */
export interface RawFile extends ByteSink {
  close(): void;
  [Symbol.dispose](): void;
}

/** Runs of zeros of this many bytes stay holes. */
export const HOLE_SIZE = 64 * 1024;

/** Makes a raw file of `size` bytes, all zero; it must not exist. Write each place once. */
export function createRaw(path: string, size: number): RawFile {
  const descriptor = openSync(path, 'wx');
  const close = () => closeSync(descriptor);
  ftruncateSync(descriptor, size);
  return { write: (offset, bytes) => writeSparse(descriptor, bytes, offset), close, [Symbol.dispose]: close };
}

function writeSparse(descriptor: number, bytes: Uint8Array, offset: number): void {
  let start = 0;
  for (let end = 0; end < bytes.length;) {
    const piece = bytes.subarray(end, end + HOLE_SIZE);
    const hole = piece.length === HOLE_SIZE && isZero(piece);
    if (hole) writeFully(descriptor, bytes.subarray(start, end), offset + start);
    end += piece.length;
    if (hole) start = end;
  }
  writeFully(descriptor, bytes.subarray(start), offset + start);
}

function writeFully(descriptor: number, bytes: Uint8Array, offset: number): void {
  for (let done = 0; done < bytes.length;)
    done += writeSync(descriptor, bytes, done, bytes.length - done, offset + done);
}
