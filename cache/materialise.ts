/** Puts trees on disk: shared read-only folders of hard links for sandboxes, copies for people. */
import { lstatSync, lutimesSync, mkdirSync, readdirSync, readlinkSync, renameSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Cas } from './cas.ts';
import { removeTree } from './files.ts';
import { isSealed, isSealedLink, seal, SEALED_EXECUTABLE_MODE, SEALED_MODE, SEAL_TIME } from './stamps.ts';
import type { Node, Trees } from './tree.ts';
import { isDue, noteUse } from './uses.ts';

type Directory = Node & { readonly type: 'directory' };

/** A folder per tree digest, made once and kept: what sandboxes mount. */
export class TreeFolders {
  readonly #root: string;
  readonly #cas: Cas;
  readonly #trees: Trees;
  /** Hashes of the folders that this process has looked at. */
  readonly #known = new Set<string>();

  constructor(root: string, cas: Cas, trees: Trees) {
    this.#root = join(root, 'trees.v1');
    this.#cas = cas;
    this.#trees = trees;
  }

  /** Where the folder of the tree lies, whether or not it is there. */
  path(of: Directory): string {
    return join(this.#root, of.digest.hash.slice(0, 2), of.digest.hash);
  }

  /**
   * Whether the folder is there and as it was laid out; a damaged one is removed. Notes the use, as its access time.
   * Each process looks once at every file: they are the store's blobs, but one that was written to may have been made
   * anew in the store since, and not here.
   */
  has(of: Directory): boolean {
    const path = this.path(of);
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (!stats) return false;
    if (isDue(stats.atimeMs)) noteUse(path);
    if (this.#known.has(of.digest.hash)) return true;
    if (!this.#untouched(of, path)) {
      this.discard(of);
      return false;
    }
    this.#known.add(of.digest.hash);
    return true;
  }

  /** Takes the folder away at once. */
  discard(of: Directory): void {
    const aside = this.#cas.incoming();
    this.#known.delete(of.digest.hash);
    renameSync(this.path(of), aside);
    removeTree(aside);
  }

  /** By names, sizes and seals, as `Cas.has` does it. */
  #untouched(of: Node, path: string): boolean {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (!stats) return false;
    if (of.type === 'symlink') return isSealedLink(stats) && readlinkSync(path) === of.target;
    if (of.type === 'file')
      return (
        stats.isFile() &&
        stats.size === of.digest.size &&
        isSealed(stats, of.executable ? SEALED_EXECUTABLE_MODE : SEALED_MODE)
      );
    if (!stats.isDirectory()) return false;
    const entries = this.#trees.entries(of.digest);
    if (readdirSync(path).length !== entries.size) return false;
    return [...entries].every(([name, node]) => this.#untouched(node, `${path}/${name}`));
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
      this.#known.add(of.digest.hash);
    } catch (error) {
      removeTree(temporary);
      if (!this.has(of)) throw error;
    }
    return path;
  }

  /** Lays a node out at a path with hard links to the store's blobs. */
  link(of: Node, to: string): void {
    if (of.type === 'file') return this.#cas.link(of.digest, to, of.executable);
    if (of.type === 'symlink') return linkTo(of.target, to);
    mkdirSync(to);
    for (const [name, node] of this.#trees.entries(of.digest)) this.link(node, join(to, name));
    // When a folder was laid out is nothing that an action should see.
    seal(to, SEAL_TIME);
  }

  /** Lays a node out at a path for people: nothing of it is the store's own. Half of it is left where the signal ends it. */
  async deliver(of: Node, to: string, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (of.type === 'file') return this.#cas.deliver(of.digest, to, of.executable, signal);
    if (of.type === 'symlink') return symlinkSync(of.target, to);
    mkdirSync(to, { recursive: true });
    for (const [name, node] of this.#trees.entries(of.digest)) await this.deliver(node, join(to, name), signal);
  }
}

/** A symlink has a time of its own, which an action sees as that of any file. */
function linkTo(target: string, path: string): void {
  symlinkSync(target, path);
  lutimesSync(path, SEAL_TIME, SEAL_TIME);
}
