/** Where an unpacked file tree goes: the store's Merkle tree, or a folder in a test. */

/**
 * Receives a tree. Paths are relative, normalised, without symbolic links in their folders, and unique but for
 * `file`, where a later call for the same path replaces the earlier one. Folders are implied by what is in them.
 */
export interface TreeSink {
  /** A file; `content` is read to its end before the promise resolves, and gives `size` bytes. */
  file(path: string, executable: boolean, size: number, content: AsyncIterable<Uint8Array>): Promise<void>;
  /** A second name for the content and mode of a file that was given before. */
  copy(path: string, from: string): void;
  /** A symbolic link; its target is relative and stays within the tree. */
  symlink(path: string, target: string): void;
  /** A folder, which may stay empty. */
  directory(path: string): void;
}
