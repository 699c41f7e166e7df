/** Merkle trees of files: folders as content. All operations touch only the directories they change. */
import { Failure } from '../src/model/diagnostic.ts';
import type { Digest } from '../src/model/digest.ts';
import { digestOf, EMPTY, type Cas } from './cas.ts';
import type { Entries, Node } from './node.ts';
import { decodeDirectory, encodeDirectory } from './reapi/messages.ts';

export type { Entries, Node } from './node.ts';

type Directory = Node & { readonly type: 'directory' };

/** As many as Linux follows. */
const MAX_LINKS = 40;

export const EMPTY_DIRECTORY: Node = { type: 'directory', digest: EMPTY };

/** Two trees that are to become one have different files at a path. */
export class TreeConflict extends Failure {
  readonly path: string;

  constructor(path: string) {
    super({
      code: 'TREE_CONFLICT',
      message: `two inputs have different files at /${path}`,
      hint: 'rename one of the files, or use one input that has both',
    });
    this.path = path;
  }
}

/** Reads and writes directories of the store; keeps what it has decoded, since digests never change their meaning. */
export class Trees {
  readonly #cas: Cas;
  readonly #known = new Map<string, Entries>();
  readonly #merged = new Map<string, Directory>();

  constructor(cas: Cas) {
    this.#cas = cas;
  }

  /** The entries of a directory. */
  entries(of: Digest): Entries {
    const known = this.#known.get(of.hash);
    if (known) return known;
    const entries = decodeDirectory(this.#cas.read(of));
    this.#known.set(of.hash, entries);
    return entries;
  }

  /** Stores a directory. */
  store(entries: Entries): Directory {
    const bytes = encodeDirectory(entries);
    const made = this.#know(bytes, entries);
    if (!this.#cas.has(made.digest)) this.#cas.put(bytes);
    return made;
  }

  /** A directory that this process can look into and speak of, and that is not stored. */
  name(entries: Entries): Directory {
    return this.#know(encodeDirectory(entries), entries);
  }

  #know(bytes: Uint8Array, entries: Entries): Directory {
    const of = digestOf(bytes);
    this.#known.set(of.hash, entries);
    return { type: 'directory', digest: of };
  }

  /** Stores the tree that has these nodes at these paths (`a/b/c`); directories between them are made. */
  build(nodes: Iterable<readonly [path: string, node: Node]>): Directory {
    const top = new Map<string, Node>();
    const below = new Map<string, [string, Node][]>();
    for (const [path, node] of nodes) {
      const slash = path.indexOf('/');
      if (slash < 0) {
        top.set(path, node);
        continue;
      }
      const name = path.slice(0, slash);
      const inner = below.get(name) ?? [];
      below.set(name, inner);
      inner.push([path.slice(slash + 1), node]);
    }
    for (const [name, inner] of below) {
      const there = top.get(name);
      const built = this.build(inner);
      top.set(name, there ? this.#mergeNodes(there, built, name) : built);
    }
    return this.store(top);
  }

  /** One tree that has everything of several. The same path with different content is a failure. */
  merge(roots: readonly Node[]): Node {
    return roots.reduce((left, right) => this.#mergeNodes(left, right, ''), EMPTY_DIRECTORY);
  }

  /** Actions share toolchains: the same trees are merged again and again. */
  #mergeFolders(left: Directory, right: Directory, path: string): Node {
    const key = `${left.digest.hash} ${right.digest.hash}`;
    const known = this.#merged.get(key);
    if (known && this.#cas.has(known.digest)) return known;
    const merged = new Map(this.entries(left.digest));
    for (const [name, node] of this.entries(right.digest)) {
      const there = merged.get(name);
      merged.set(name, there ? this.#mergeNodes(there, node, path ? `${path}/${name}` : name) : node);
    }
    const made = this.store(merged);
    this.#merged.set(key, made);
    return made;
  }

  #mergeNodes(left: Node, right: Node, path: string): Node {
    if (sameNode(left, right)) return left;
    if (left.type !== 'directory' || right.type !== 'directory') throw new TreeConflict(path);
    if (left.digest.size === 0) return right;
    if (right.digest.size === 0) return left;
    return this.#mergeFolders(left, right, path);
  }

  /** The node at a path below a node; undefined where there is none. Follows no symlinks. */
  lookup(root: Node, path: string): Node | undefined {
    let node: Node | undefined = root;
    for (const name of path.split('/')) {
      if (name === '' || name === '.') continue;
      if (node?.type !== 'directory') return undefined;
      node = this.entries(node.digest).get(name);
    }
    return node;
  }

  /**
   * The path, free of symlinks, that a path below a node leads to; undefined where it leads nowhere. To absolute targets,
   * the node is the root.
   */
  resolve(root: Node, path: string): string | undefined {
    const todo = path.split('/').reverse();
    const at: string[] = [];
    let links = 0;
    while (todo.length > 0) {
      const name = todo.pop()!;
      if (name === '' || name === '.') continue;
      if (name === '..') {
        at.pop();
        continue;
      }
      const node = this.lookup(root, [...at, name].join('/'));
      if (!node || links > MAX_LINKS) return undefined;
      if (node.type === 'symlink') {
        links++;
        if (node.target.startsWith('/')) at.length = 0;
        todo.push(...node.target.split('/').reverse());
      } else at.push(name);
    }
    return at.join('/');
  }

  /** Every file, symlink and directory below a node, parents first, with its path. */
  *walk(root: Node, path = ''): Generator<readonly [path: string, node: Node]> {
    yield [path, root];
    if (root.type !== 'directory') return;
    for (const [name, node] of this.entries(root.digest)) yield* this.walk(node, path ? `${path}/${name}` : name);
  }

  /** Whether every blob below a node is in the store, however deep it is. A file may be elsewhere, where that is enough. */
  complete(root: Node, isElsewhere: (file: Digest) => boolean = () => false): boolean {
    const waiting = [root];
    for (let node = waiting.pop(); node; node = waiting.pop()) {
      if (node.type === 'symlink') continue;
      if (!this.#cas.has(node.digest) && !(node.type === 'file' && isElsewhere(node.digest))) return false;
      if (node.type === 'file') continue;
      try {
        waiting.push(...this.entries(node.digest).values());
      } catch {
        return false;
      }
    }
    return true;
  }
}

/** Whether two nodes have the same content. */
export function sameNode(a: Node, b: Node): boolean {
  if (a.type === 'symlink') return b.type === 'symlink' && a.target === b.target;
  if (b.type === 'symlink' || a.type !== b.type || a.digest.hash !== b.digest.hash) return false;
  return a.type !== 'file' || b.type !== 'file' || a.executable === b.executable;
}
