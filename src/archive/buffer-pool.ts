/** Large buffers that are used again: new ones cost more than reading a file into them. */

/** A block of a disk, and what a segment of one may have over that. */
const CAPACITY = 1024 * 1024 + 64 * 1024;

/** Buffers of one capacity; longer ones are made when asked for and not kept. */
export class BufferPool {
  readonly #free: Buffer<ArrayBuffer>[] = [];

  /** A buffer of at least `length` bytes with anything in it. */
  take(length: number): Buffer<ArrayBuffer> {
    return (length <= CAPACITY ? this.#free.pop() : undefined) ?? Buffer.allocUnsafeSlow(Math.max(length, CAPACITY));
  }

  /** Takes a buffer back. Nobody may use it any more. */
  give(buffer: Buffer<ArrayBuffer>): void {
    if (buffer.length === CAPACITY) this.#free.push(buffer);
  }
}
