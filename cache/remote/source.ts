/** A blob that is to be sent. */
import type { Digest } from '../../src/model/digest.ts';

/** Bytes of a blob from an offset on. */
export type Reading = (offset: number, chunkBytes: number) => Iterable<Uint8Array>;

export interface Source {
  readonly digest: Digest;
  readonly read: Reading;
  /** It changes a little from build to build: the server may have parts of it. */
  readonly inParts?: boolean;
  /** Told of the bytes of content that the server has taken. */
  readonly onSent?: (bytes: number) => void;
}
