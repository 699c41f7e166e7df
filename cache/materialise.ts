/** Puts trees on disk: shared read-only folders of hard links for sandboxes, copies for people. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Cas } from './cas.ts';
import type { Node, Trees } from './tree.ts';

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

  /** The folder that holds the tree. Nobody may write to it: it is made of the store's own files. */
  folder(of: Node & { type: 'directory' }): string {
    const path = join(this.#root, of.digest.hash.slice(0, 2), of.digest.hash);
    if (existsSync(path)) return path;
    const temporary = join(this.#root, `.${process.pid}-${randomBytes(6).toString('hex')}`);
    mkdirSync(dirname(path), { recursive: true });
    try {
      this.link(of, temporary);
      renameSync(temporary, path);
    } catch (error) {
      rmSync(temporary, { recursive: true, force: true });
      if (!existsSync(path)) throw error;
    }
    return path;
  }

  /** Lays a node out at a path with hard links to the store's blobs. */
  link(of: Node, to: string): void {
    if (of.type === 'file') return this.#cas.link(of.digest, to, of.executable);
    if (of.type === 'symlink') return symlinkSync(of.target, to);
    mkdirSync(to);
    for (const [name, node] of this.#trees.entries(of.digest)) this.link(node, join(to, name));
  }

  /** Lays a node out at a path for people. */
  deliver(of: Node, to: string): void {
    if (of.type === 'file') return this.#cas.deliver(of.digest, to, of.executable);
    if (of.type === 'symlink') return symlinkSync(of.target, to);
    mkdirSync(to, { recursive: true });
    for (const [name, node] of this.#trees.entries(of.digest)) this.deliver(node, join(to, name));
  }
}
