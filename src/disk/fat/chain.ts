/** The clusters of files and folders, as the allocation table strings them together. */
import { checkRange, type ByteSource, type FileContent } from '../source.ts';
import { clusterTable, damagedFat, type FatGeometry } from './volume.ts';

/** The chains of a volume. */
export interface Chains {
  /** The clusters of a chain; one that leaves the volume or bites its tail is damage. */
  clusters(first: number, what: string): Generator<number>;
  /** The bytes of a chain; one that is too short for `size` is damage. */
  content(first: number, size: number, what: string): FileContent;
}

/**
 * Of a file's chain, only one cluster in so many is remembered: a file of 4 GiB may lie in 8 million places. From there
 * the table is followed again.
 */
const SPACING = 1024;

/** A place in a chain. */
interface Place {
  readonly index: number;
  readonly cluster: number;
}

export function clusterChains(source: ByteSource, geometry: FatGeometry): Chains {
  const { clusterSize, clusterCount, dataOffset } = geometry;
  const follow = clusterTable(source, geometry);

  function* clusters(first: number, what: string): Generator<number> {
    const isOnCircle = circleFinder();
    for (let cluster: number | undefined = first; cluster !== undefined; cluster = follow(cluster)) {
      if (cluster < 2 || cluster >= clusterCount + 2) damagedFat(`${what} starts at cluster ${cluster}, which is none`);
      if (isOnCircle(cluster)) damagedFat(`the clusters of ${what} run in a circle`);
      yield cluster;
    }
  }

  const marksOf = (first: number, size: number, what: string): number[] => {
    const marks: number[] = [];
    const count = Math.ceil(size / clusterSize);
    let index = 0;
    for (const cluster of count > 0 ? clusters(first, what) : []) {
      if (index % SPACING === 0) marks.push(cluster);
      if (++index === count) return marks;
    }
    return index < count ? damagedFat(`${what} ends ${size - index * clusterSize} bytes too early`) : marks;
  };

  const content = (first: number, size: number, what: string): FileContent => {
    const marks = marksOf(first, size, what);
    let last: Place = { index: 0, cluster: first };

    /** Goes on from where the last one was, or from the mark before. */
    const clusterAt = (index: number): number => {
      const mark = index - (index % SPACING);
      const isNear = last.index <= index && last.index >= mark;
      let { index: at, cluster } = isNear ? last : { index: mark, cluster: marks[mark / SPACING]! };
      for (; at < index; at++) cluster = follow(cluster) ?? damagedFat(`${what} ends too early`);
      last = { index, cluster };
      return cluster;
    };

    /** Clusters from one on, at most `count`, that follow each other on the volume. */
    const runAt = (index: number, count: number): { cluster: number; length: number } => {
      const cluster = clusterAt(index);
      let length = 1;
      while (length < count && clusterAt(index + length) === cluster + length) length++;
      return { cluster, length };
    };

    return {
      size,
      *places() {
        for (let offset = 0; offset < size;) {
          const run = runAt(offset / clusterSize, Math.ceil((size - offset) / clusterSize));
          const length = Math.min(run.length * clusterSize, size - offset);
          yield { offset, length, at: dataOffset + (run.cluster - 2) * clusterSize };
          offset += length;
        }
      },
      read(offset, length) {
        checkRange(what, size, offset, length);
        const bytes = Buffer.alloc(length);
        for (let at = 0; at < length;) {
          const index = Math.floor((offset + at) / clusterSize);
          const from = (offset + at) % clusterSize;
          const run = runAt(index, Math.ceil((from + length - at) / clusterSize));
          const part = Math.min(length - at, run.length * clusterSize - from);
          source.read(dataOffset + (run.cluster - 2) * clusterSize + from, part).copy(bytes, at);
          at += part;
        }
        return bytes;
      },
    };
  };

  return { clusters, content };
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
