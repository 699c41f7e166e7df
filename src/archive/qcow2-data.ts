/** Where a qcow2 image's clusters lie in its file: whole ones aligned, compressed ones packed behind each other. */
import { CLUSTER_SIZE } from './codec-clusters.ts';
import type { Segments } from './placed-segment.ts';

/** Set in entries for clusters whose refcount is 1. */
export const COPIED = 1n << 63n;
const COMPRESSED = 1n << 62n;
/** In an L2 entry of a compressed cluster the offset has 54 bits; above it is the number of further sectors. */
const SECTORS_SHIFT = 54n;
const SECTOR = 512;

/** The place of one cluster. */
interface Placement {
  /** Which part of its segment it is. */
  readonly part: number;
  readonly at: number;
  readonly length: number;
}

/** A block's clusters, ascending in the file: those that stand as they are, then the compressed ones. */
function placements(end: number, parts: readonly number[]): Placement[] {
  const placed: Placement[] = [];
  let at = end;
  const put = (part: number, length: number): void => {
    placed.push({ part, at, length });
    at += length;
  };
  if (parts.includes(CLUSTER_SIZE)) at = aligned(at);
  for (const [part, length] of parts.entries()) if (length === CLUSTER_SIZE) put(part, length);
  for (const [part, length] of parts.entries()) if (length > 0 && length < CLUSTER_SIZE) put(part, length);
  return placed;
}

/** Hands out places, and counts the uses of each cluster of the file. */
export class Qcow2Data {
  readonly #start: number;
  #counts = new Uint16Array(1024);
  /** Behind the last byte. */
  #end: number;

  /** `start` is where the data begins in the file. */
  constructor(start: number) {
    this.#start = start;
    this.#end = start;
  }

  /** Where the data ends, at a whole cluster. */
  get end(): number {
    return aligned(this.#end);
  }

  /** How many of the disk's clusters lie, in part at least, in this cluster of the file. */
  readonly counts = (cluster: number): number => this.#counts[cluster - this.#start / CLUSTER_SIZE] ?? 0;

  /** Places the clusters of a block; `setEntry` is told the L2 entry of each by its number on the disk. */
  place(offset: number, parts: readonly number[], setEntry: (cluster: number, entry: bigint) => void): void {
    for (const { part, at, length } of placements(this.#end, parts)) {
      const last = at + length - 1;
      const sectors = Math.floor(last / SECTOR) - Math.floor(at / SECTOR);
      const entry =
        length === CLUSTER_SIZE ? COPIED | BigInt(at) : COMPRESSED | (BigInt(sectors) << SECTORS_SHIFT) | BigInt(at);
      setEntry(offset / CLUSTER_SIZE + part, entry);
      for (let file = Math.floor(at / CLUSTER_SIZE); file <= Math.floor(last / CLUSTER_SIZE); file++) this.#count(file);
      this.#end = last + 1;
    }
  }

  #count(cluster: number): void {
    const index = cluster - this.#start / CLUSTER_SIZE;
    if (index >= this.#counts.length) {
      const grown = new Uint16Array(2 * this.#counts.length);
      grown.set(this.#counts);
      this.#counts = grown;
    }
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
  }
}

/** The clusters in their places, with zeros between them and up to a whole cluster. */
export async function* dataClusters(start: number, segments: Segments): AsyncGenerator<Uint8Array, void, undefined> {
  let end = start;
  for await (const { segment } of segments()) {
    const { bytes, parts } = segment;
    const starts = parts.map(() => 0);
    for (const [part, length] of parts.entries()) starts[part + 1] = (starts[part] ?? 0) + length;
    for (const { part, at, length } of placements(end, parts)) {
      const from = starts[part] ?? 0;
      if (at > end) yield Buffer.alloc(at - end);
      yield bytes.subarray(from, from + length);
      end = at + length;
    }
  }
  if (aligned(end) > end) yield Buffer.alloc(aligned(end) - end);
}

function aligned(offset: number): number {
  return Math.ceil(offset / CLUSTER_SIZE) * CLUSTER_SIZE;
}
