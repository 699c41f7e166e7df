/** What went over the network, in bytes of content: results of actions, their trees, files, and large files apart. */
import type { Digest } from '../../src/model/digest.ts';

export type Kind = 'results' | 'trees' | 'files' | 'largeFiles';
export type Bytes = Record<Kind, number>;

/** An archive, or a disk image: blocks of disks are smaller. */
const LARGE_BYTES = 4 * 1024 * 1024;

export class Traffic {
  readonly read: Bytes = { results: 0, trees: 0, files: 0, largeFiles: 0 };
  readonly written: Bytes = { results: 0, trees: 0, files: 0, largeFiles: 0 };
}

/** The kind of a file. */
export function fileKind({ size }: Digest): Kind {
  return size < LARGE_BYTES ? 'files' : 'largeFiles';
}
