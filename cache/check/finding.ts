/** What a check of the store finds, and what its parts share. */
import type { Store } from '../store.ts';

/** Something that is not as it should be. */
export interface Finding {
  readonly kind: 'blob' | 'result' | 'record' | 'tree folder' | 'assembled disk' | 'foreign';
  /** Relative to the store. */
  readonly path: string;
  readonly problem: string;
  /** What repair does: takes it away so that it is made again, sets its mode and time, or leaves it to a person. */
  readonly repair: 'remove' | 'reset' | 'none';
  /** Keys of the actions whose result it is, or belongs to. */
  readonly keys: readonly string[];
}

/** What the parts of a check share. */
export interface Check {
  readonly store: Store;
  /** Hashes of blobs that are there and sound. */
  readonly sound: Map<string, number>;
  /** Hashes of blobs that have other content and do not look like it: an action may have read them. */
  readonly broken: Set<string>;
  readonly report: (finding: Finding) => void;
}
