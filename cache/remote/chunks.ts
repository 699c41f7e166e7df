/**
 * Cuts content where it says so itself, so that what stays the same between two versions is cut at the same places: an archive
 * of which a few segments changed is a few new chunks.
 *
 * Gear hashing as in FastCDC (Xia et al., USENIX ATC 2016).
 */
import { createHash } from 'node:crypto';
import { digest, type Digest } from '../../src/model/digest.ts';

const LEAST_BYTES = 32 * 1024;
const MOST_BYTES = 512 * 1024;
/** One of 2^17 places is a cut: so many bits of the hash are 0. Chunks have 160 KiB in the middle. */
const CUT_BITS = 17;
const HASH_BITS = 32;

/** A piece of a blob. */
export interface Chunk {
  readonly offset: number;
  readonly digest: Digest;
}

/** The chunks of content that comes in pieces, in order. */
export function* chunksOf(content: Iterable<Uint8Array>): Generator<Chunk> {
  const cuts = new Cuts();
  let offset = 0;
  let hash = createHash('sha256');
  let size = 0;
  const finished = (): Chunk => {
    const chunk = { offset, digest: digest(hash.digest('hex'), size) };
    offset += size;
    size = 0;
    hash = createHash('sha256');
    return chunk;
  };
  for (const bytes of content)
    for (let from = 0; from < bytes.length;) {
      const cut = cuts.next(bytes, from);
      const to = cut ?? bytes.length;
      hash.update(bytes.subarray(from, to));
      size += to - from;
      from = to;
      if (cut !== undefined) yield finished();
    }
  if (size > 0) yield finished();
}

/** Looks for the end of one chunk after the other. */
class Cuts {
  /** Of the chunk that is open, as far as it was looked at. */
  #size = 0;
  #rolling = 0;

  /** Where the chunk that is open ends, from a place in these bytes on; undefined where that is behind them. */
  next(bytes: Uint8Array, from: number): number | undefined {
    const start = from - this.#size;
    const longest = start + MOST_BYTES;
    const end = Math.min(bytes.length, longest);
    const shortest = start + LEAST_BYTES;
    let rolling = this.#rolling;
    // A byte is shifted out of the hash by as many bytes as the hash has bits: those before can be left out.
    let at = Math.max(from, shortest - HASH_BITS);
    for (const free = Math.min(end, shortest - 1); at < free; at++) rolling = roll(rolling, bytes[at]!);
    for (; at < end; at++) {
      rolling = roll(rolling, bytes[at]!);
      if (rolling >>> (HASH_BITS - CUT_BITS) === 0) return this.#found(at + 1);
    }
    if (end === longest) return this.#found(end);
    this.#size += bytes.length - from;
    this.#rolling = rolling;
    return undefined;
  }

  #found(cut: number): number {
    this.#size = this.#rolling = 0;
    return cut;
  }
}

function roll(rolling: number, byte: number): number {
  return ((rolling << 1) + GEAR[byte]!) | 0;
}

/** A number for each byte that has nothing to do with those of others. They must stay the same: cuts depend on them. */
const GEAR: Int32Array = Int32Array.from({ length: 256 }, (_none, byte) =>
  createHash('sha256').update(Uint8Array.of(byte)).digest().readInt32LE(),
);
