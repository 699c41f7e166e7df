/** Small blobs go in batches, each below what a message may have. */
import type { Digest } from '../../src/model/digest.ts';

/** Beside the bytes, for the digest and status of each blob in a batch. */
const OVERHEAD_BYTES = 160;

/** Work on blobs: batches of the small ones, and the large ones one by one. */
export function batches(digests: readonly Digest[], most: number): Digest[][] {
  const isSmall = ({ size }: Digest): boolean => size + OVERHEAD_BYTES <= most / 2;
  const made: Digest[][] = [];
  let room = 0;
  for (const one of digests.filter(isSmall)) {
    if (room < one.size + OVERHEAD_BYTES) {
      made.push([]);
      room = most;
    }
    made.at(-1)!.push(one);
    room -= one.size + OVERHEAD_BYTES;
  }
  return [...made, ...digests.filter((one) => !isSmall(one)).map((one) => [one])];
}

/** Each once. */
export function unique(digests: Iterable<Digest>): Digest[] {
  return [...new Map([...digests].map((one) => [one.hash, one])).values()];
}
