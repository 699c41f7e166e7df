/** The clusters of files and folders, as the allocation table strings them together. */
import { checkRange, type ByteSource, type FileContent, type Place } from '../source.ts';
import { clusterTable, damagedFat, type FatGeometry } from './volume.ts';

/**
 * Of a file's chain, only one cluster in so many is remembered: a file of 4 GiB may lie in 8 million places. From there
 * the table is followed again.
 */
const SPACING = 1024;

/** The chains of a volume. */
export class ClusterChains {
  readonly geometry: FatGeometry;
  readonly source: ByteSource;
  /** The cluster after one; undefined after the last. */
  readonly follow: (cluster: number) => number | undefined;

  constructor(source: ByteSource, geometry: FatGeometry) {
    this.source = source;
    this.geometry = geometry;
    this.follow = clusterTable(source, geometry);
  }

  /** The clusters of a chain; one that leaves the volume or bites its tail is damage. */
  *clusters(first: number, what: string): Generator<number> {
    const { clusterCount } = this.geometry;
    const isOnCircle = circleFinder();
    for (let cluster: number | undefined = first; cluster !== undefined; cluster = this.follow(cluster)) {
      if (cluster < 2 || cluster >= clusterCount + 2) damagedFat(`${what} starts at cluster ${cluster}, which is none`);
      if (isOnCircle(cluster)) damagedFat(`the clusters of ${what} run in a circle`);
      yield cluster;
    }
  }

  /** The bytes of a chain; one that is too short for `size` is damage. */
  content(first: number, size: number, what: string): FileContent {
    return new ChainedFile(this, first, size, what);
  }
}

/** A stretch of clusters that follow each other on the volume. */
interface Run {
  readonly cluster: number;
  readonly length: number;
}

/** The content of a chain. */
class ChainedFile implements FileContent {
  readonly size: number;
  readonly #chains: ClusterChains;
  readonly #what: string;
  /** Every so many clusters of the chain. */
  readonly #marks: readonly number[];
  /** The place of the chain that was looked at last. */
  #last: { readonly index: number; readonly cluster: number };

  constructor(chains: ClusterChains, first: number, size: number, what: string) {
    this.size = size;
    this.#chains = chains;
    this.#what = what;
    this.#marks = marksOf(chains, first, size, what);
    this.#last = { index: 0, cluster: first };
  }

  *places(): Generator<Place> {
    const { clusterSize } = this.#chains.geometry;
    for (let offset = 0; offset < this.size;) {
      const run = this.#runAt(offset / clusterSize, Math.ceil((this.size - offset) / clusterSize));
      const length = Math.min(run.length * clusterSize, this.size - offset);
      yield { offset, length, at: this.#placeOf(run.cluster) };
      offset += length;
    }
  }

  read(offset: number, length: number): Buffer {
    checkRange(this.#what, this.size, offset, length);
    const { clusterSize } = this.#chains.geometry;
    const bytes = Buffer.alloc(length);
    for (let at = 0; at < length;) {
      const index = Math.floor((offset + at) / clusterSize);
      const from = (offset + at) % clusterSize;
      const run = this.#runAt(index, Math.ceil((from + length - at) / clusterSize));
      const part = Math.min(length - at, run.length * clusterSize - from);
      this.#chains.source.read(this.#placeOf(run.cluster) + from, part).copy(bytes, at);
      at += part;
    }
    return bytes;
  }

  /** Where a cluster begins, in bytes. */
  #placeOf(cluster: number): number {
    const { dataOffset, clusterSize } = this.#chains.geometry;
    return dataOffset + (cluster - 2) * clusterSize;
  }

  /** Clusters from one on, at most `count`. */
  #runAt(index: number, count: number): Run {
    const cluster = this.#clusterAt(index);
    let length = 1;
    while (length < count && this.#clusterAt(index + length) === cluster + length) length++;
    return { cluster, length };
  }

  /** Goes on from where the last one was, or from the mark before. */
  #clusterAt(index: number): number {
    const mark = index - (index % SPACING);
    const isNear = this.#last.index <= index && this.#last.index >= mark;
    let { index: at, cluster } = isNear ? this.#last : { index: mark, cluster: this.#marks[mark / SPACING]! };
    for (; at < index; at++) cluster = this.#chains.follow(cluster) ?? damagedFat(`${this.#what} ends too early`);
    this.#last = { index, cluster };
    return cluster;
  }
}

function marksOf(chains: ClusterChains, first: number, size: number, what: string): number[] {
  const { clusterSize } = chains.geometry;
  const marks: number[] = [];
  const count = Math.ceil(size / clusterSize);
  let index = 0;
  for (const cluster of count > 0 ? chains.clusters(first, what) : []) {
    if (index % SPACING === 0) marks.push(cluster);
    if (++index === count) return marks;
  }
  return index < count ? damagedFat(`${what} ends ${size - index * clusterSize} bytes too early`) : marks;
}

/** Finds that a chain has come back to where it was, without remembering all of it (R. P. Brent, 1980). */
function circleFinder(): (cluster: number) => boolean {
  let [mark, steps, limit] = [-1, 0, 1];
  return (cluster) => {
    if (cluster === mark) return true;
    if (++steps === limit) [mark, steps, limit] = [cluster, 0, limit * 2];
    return false;
  };
}
