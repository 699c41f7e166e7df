/** What Merkle trees of files are made of. */
import type { Digest } from '../src/model/digest.ts';

/** A file, a directory or a symlink of a tree. A node has no name: its directory knows it. */
export type Node =
  | { readonly type: 'file'; readonly digest: Digest; readonly executable: boolean }
  | { readonly type: 'directory'; readonly digest: Digest }
  | { readonly type: 'symlink'; readonly target: string };

/** The content of one directory, by name. */
export type Entries = ReadonlyMap<string, Node>;
