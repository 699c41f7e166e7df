/** The files of trees by their sizes: what looks for one content in a large input reads only what can have it. */
import type { Node, Trees } from '../../../cache/tree.ts';
import type { Digest } from '../../model/digest.ts';

/** Paths of a tree that are looked at. */
const MOST_PATHS = 20_000;
/** Trees that were asked for last. */
const KEPT = 8;

type Files = readonly (readonly [path: string, digest: Digest])[];

export class FilesBySize {
  readonly #trees: Trees;
  readonly #known = new Map<string, ReadonlyMap<number, Files>>();

  constructor(trees: Trees) {
    this.#trees = trees;
  }

  /** Files of this many bytes. A folder that is gone is a `BLOB_MISSING` failure. */
  of(node: Node, size: number): Files {
    if (node.type === 'symlink') return [];
    const { hash } = node.digest;
    const files = this.#known.get(hash) ?? this.#look(node);
    this.#known.delete(hash);
    this.#known.set(hash, files);
    if (this.#known.size > KEPT) this.#known.delete(this.#known.keys().next().value!);
    return files.get(size) ?? [];
  }

  #look(node: Node): ReadonlyMap<number, Files> {
    const bySize = new Map<number, (readonly [string, Digest])[]>();
    for (const [path, one] of this.#trees.walk(node).take(MOST_PATHS)) {
      if (one.type !== 'file') continue;
      const files = bySize.get(one.digest.size);
      if (files) files.push([path, one.digest]);
      else bySize.set(one.digest.size, [[path, one.digest]]);
    }
    return bySize;
  }
}
