/** Compressed blocks with their places on the disk: what images of clusters are made of. */
import type { Segment } from './segment.ts';

/** A compressed block of a disk; `segment` is of a cluster codec. */
export interface PlacedSegment {
  /** Bytes from the disk's start; a multiple of the cluster size. */
  readonly offset: number;
  readonly segment: Segment;
}

/** Goes through all blocks, ascending. A segment's bytes stand until the next one is asked for. */
export type Segments = () => AsyncIterable<PlacedSegment>;
