/** Exact reads from a stream of chunks of any size, with the offset for error messages. */

/** Reads a stream front to back; holds one chunk at a time. */
export class ByteReader {
  /** Bytes handed out so far. */
  offset = 0;
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#chunks = source[Symbol.asyncIterator]();
  }

  /** At least one and at most `limit` bytes; undefined at the end. The bytes are a view and are not to be changed. */
  async some(limit: number): Promise<Uint8Array | undefined> {
    while (this.#rest.length === 0) {
      const next = await this.#chunks.next();
      if (next.done) return undefined;
      this.#rest = next.value;
    }
    const taken = this.#rest.subarray(0, limit);
    this.#rest = this.#rest.subarray(taken.length);
    this.offset += taken.length;
    return taken;
  }

  /** Exactly `length` bytes, or fewer where the stream ends before. Only for small lengths. */
  async read(length: number): Promise<Buffer> {
    const parts: Uint8Array[] = [];
    for (let missing = length; missing > 0;) {
      const part = await this.some(missing);
      if (!part) break;
      parts.push(part);
      missing -= part.length;
    }
    return Buffer.concat(parts);
  }

  /** Passes over `length` bytes; gives the number that were there. */
  async skip(length: number): Promise<number> {
    let skipped = 0;
    while (skipped < length) {
      const part = await this.some(length - skipped);
      if (!part) break;
      skipped += part.length;
    }
    return skipped;
  }

  /** Gives the source up; a program behind it ends. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
