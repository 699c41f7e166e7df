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
const BITS = 17;

/** A piece of a blob. */
export interface Chunk {
  readonly offset: number;
  readonly digest: Digest;
}

/** The chunks of content that comes in pieces, in order. */
export function* chunksOf(content: Iterable<Uint8Array>): Generator<Chunk> {
  let offset = 0;
  let size = 0;
  let rolling = 0;
  let hash = createHash('sha256');
  const finished = (): Chunk => {
    const chunk = { offset, digest: digest(hash.digest('hex'), size) };
    offset += size;
    size = rolling = 0;
    hash = createHash('sha256');
    return chunk;
  };
  for (const bytes of content) {
    let from = 0;
    for (let at = 0; at < bytes.length; at++) {
      rolling = ((rolling << 1) + GEAR[bytes[at]!]!) | 0;
      const length = size + at + 1 - from;
      if (length < LEAST_BYTES || (length < MOST_BYTES && rolling >>> (32 - BITS) !== 0)) continue;
      hash.update(bytes.subarray(from, at + 1));
      size = length;
      from = at + 1;
      yield finished();
    }
    hash.update(bytes.subarray(from));
    size += bytes.length - from;
  }
  if (size > 0) yield finished();
}

/** A number for each byte that has nothing to do with those of others. They must stay the same: cuts depend on them. */
const GEAR: Int32Array = Int32Array.from({ length: 256 }, (_none, byte) =>
  createHash('sha256').update(Uint8Array.of(byte)).digest().readInt32LE(),
);
