/** Puts trees on disk: shared read-only folders of hard links for sandboxes, copies for people. */
import { mkdirSync, renameSync, statSync, symlinkSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Cas } from './cas.ts';
import { removeTree, STORE_TIME } from './files.ts';
import type { Node, Trees } from './tree.ts';
import { isDue, noteUse } from './uses.ts';

type Directory = Node & { readonly type: 'directory' };

/** A folder per tree digest, made once and kept: what sandboxes mount. */
export class TreeFolders {
  readonly #root: string;
  readonly #cas: Cas;
  readonly #trees: Trees;

  constructor(root: string, cas: Cas, trees: Trees) {
    this.#root = join(root, 'trees.v1');
    this.#cas = cas;
    this.#trees = trees;
  }

  /** Where the folder of the tree lies, whether or not it is there. */
  path(of: Directory): string {
    return join(this.#root, of.digest.hash.slice(0, 2), of.digest.hash);
  }

  /** Whether the folder is there. Notes the use, as its access time. */
  has(of: Directory): boolean {
    const stats = statSync(this.path(of), { throwIfNoEntry: false });
    if (stats && isDue(stats.atimeMs)) noteUse(this.path(of));
    return stats !== undefined;
  }

  /** The folder that holds the tree. Nobody may write to it: it is made of the store's own files. */
  folder(of: Directory): string {
    const path = this.path(of);
    if (this.has(of)) return path;
    const temporary = this.#cas.incoming();
    mkdirSync(dirname(path), { recursive: true });
    try {
      this.link(of, temporary);
      renameSync(temporary, path);
      noteUse(path);
    } catch (error) {
      removeTree(temporary);
      if (!this.has(of)) throw error;
    }
    return path;
  }

  /** Lays a node out at a path with hard links to the store's blobs. */
  link(of: Node, to: string): void {
    if (of.type === 'file') return this.#cas.link(of.digest, to, of.executable);
    if (of.type === 'symlink') return symlinkSync(of.target, to);
    mkdirSync(to);
    for (const [name, node] of this.#trees.entries(of.digest)) this.link(node, join(to, name));
    // When a folder was laid out is nothing that an action should see.
    utimesSync(to, STORE_TIME, STORE_TIME);
  }

  /** Lays a node out at a path for people. */
  deliver(of: Node, to: string): void {
    if (of.type === 'file') return this.#cas.deliver(of.digest, to, of.executable);
    if (of.type === 'symlink') return symlinkSync(of.target, to);
    mkdirSync(to, { recursive: true });
    for (const [name, node] of this.#trees.entries(of.digest)) this.deliver(node, join(to, name));
  }
}
