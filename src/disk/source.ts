/** Random access to bytes: the one interface that all readers of this folder read through. */
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { fail } from '../model/diagnostic.ts';

/** Something of a known size that can be read anywhere. Reading outside it is a `READ_OUT_OF_BOUNDS` failure. */
export interface ByteSource {
  /** Bytes. */
  readonly size: number;
  /** Exactly `length` bytes from `offset`. */
  read(offset: number, length: number): Buffer;
  /** Where a slice begins in the disk that it was cut from, in bytes. */
  readonly origin?: number;
}

/** A stretch of a file in bytes; `at` is where it lies in the file system, and absent for a hole. */
export interface Place {
  readonly offset: number;
  readonly length: number;
  readonly at?: number;
}

/** The content of a file of a file system. */
export interface FileContent extends ByteSource {
  /** Where it lies, from its begin to its end; absent where it lies among what the file system keeps about it. */
  places?(): Iterable<Place>;
}

/** A source that holds an open file. */
export interface FileSource extends ByteSource {
  readonly path: string;
  close(): void;
  [Symbol.dispose](): void;
}

/** Fails unless the range lies inside `size` bytes. Offsets of hostile images come through here. */
export function checkRange(what: string, size: number, offset: number, length: number): void {
  const sane = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0;
  if (!sane || offset + length > size)
    fail('READ_OUT_OF_BOUNDS', `${what} has ${size} bytes: ${length} bytes at ${offset} lie outside`);
}

/** A file or a block device, read in place. */
export function fileSource(path: string): FileSource {
  const descriptor = openSync(path, 'r');
  const stats = fstatSync(descriptor);
  const size = stats.isBlockDevice() ? deviceSize(stats.rdev) : stats.size;
  let isClosed = false;
  const close = (): void => {
    if (!isClosed) closeSync(descriptor);
    isClosed = true;
  };
  return {
    path,
    size,
    read(offset, length) {
      // The number of a closed descriptor may be that of another file.
      if (isClosed) fail('READ_OUT_OF_BOUNDS', `${path} has been closed`);
      checkRange(path, size, offset, length);
      return readFully(descriptor, Buffer.alloc(length), offset, path);
    },
    close,
    [Symbol.dispose]: close,
  };
}

/** Bytes of a block device. The kernel counts 512-byte sectors, whatever the device has. */
function deviceSize(device: number): number {
  // As glibc's gnu_dev_major and gnu_dev_minor take numbers apart that are below 2^32.
  const [major, minor] = [(device >>> 8) & 0xfff, (device & 0xff) | ((device >>> 12) & 0xfff00)];
  return 512 * Number(readFileSync(`/sys/dev/block/${major}:${minor}/size`, 'utf8'));
}

/** Bytes in memory. */
export function bufferSource(bytes: Uint8Array, what = 'the buffer'): ByteSource {
  return {
    size: bytes.length,
    read(offset, length) {
      checkRange(what, bytes.length, offset, length);
      return Buffer.from(bytes.subarray(offset, offset + length));
    },
  };
}

/** A range of another source, for example a partition. */
export function sliceSource(source: ByteSource, offset: number, length: number, what = 'the range'): ByteSource {
  checkRange(what, source.size, offset, length);
  return {
    size: length,
    origin: (source.origin ?? 0) + offset,
    read(from, count) {
      checkRange(what, length, from, count);
      return source.read(offset + from, count);
    },
  };
}

/** Bytes a read; more at a time is slower, as it falls out of the processor's cache. */
const PIECE = 256 * 1024;

/** Fills `target` from an open file; a file that ends early is a failure. */
export function readFully(descriptor: number, target: Buffer, offset: number, what: string): Buffer {
  for (let done = 0; done < target.length;) {
    const count = readSync(descriptor, target, done, Math.min(PIECE, target.length - done), offset + done);
    if (count === 0) fail('READ_OUT_OF_BOUNDS', `${what} ended at byte ${offset + done}, while it was read`);
    done += count;
  }
  return target;
}
