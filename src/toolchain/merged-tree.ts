/** Lays packages over each other, by dpkg's rules, on the way into a sink. */
import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { fail } from '../model/diagnostic.ts';
import type { DebEntry } from './deb.ts';
import { MERGED } from './merged-path.ts';
import { packageKey, type Package } from './packages.ts';
import type { TreeSink } from './tree-sink.ts';

/** What is at a path; `by` is the package it came from, none for what dsmb adds, and `as` the path that it gives. */
type Node =
  | { readonly type: 'directory' }
  | { readonly type: 'symlink'; readonly target: string; readonly by: Package | undefined; readonly as: string }
  | {
      readonly type: 'file';
      readonly executable: boolean;
      readonly sha256: string;
      readonly by: Package;
      readonly as: string;
    };

/** Whose entry it is, and the path that the package gives. */
interface From {
  readonly by: Package;
  readonly as: string;
}

/** How a tree is laid out. */
export interface TreeOptions {
  /** Says which paths are left out. */
  readonly leaveOut: (path: string) => boolean;
  /** Whether the first package may overwrite files of the second (`Replaces`). */
  readonly replaces: (winner: Package, loser: Package) => Promise<boolean>;
}

/** As many as Linux follows. */
const MAX_LINKS = 40;

/** A tree in the making. Entries are added one after the other. */
export class MergedTree {
  readonly #sink: TreeSink;
  readonly #options: TreeOptions;
  readonly #nodes = new Map<string, Node>();
  /** Whether a package has the loader's folder in /, as releases before the merge of /usr do. */
  #hasLoaderInRoot = false;

  constructor(sink: TreeSink, options: TreeOptions) {
    this.#sink = sink;
    this.#options = options;
  }

  /** Adds one entry of a package. */
  async add(entry: DebEntry, by: Package): Promise<void> {
    if (entry.type === 'directory') return this.#addDirectory(this.#resolve(entry.path, true));
    const path = this.#resolve(entry.path, false);
    if (this.#options.leaveOut(path)) return;
    const from: From = { by, as: entry.path };
    this.#hasLoaderInRoot ||= entry.path.startsWith('lib64/');
    if (entry.type === 'symlink') return this.#addSymlink(path, entry.target, from);
    if (entry.type === 'link') return this.#addLink(path, this.#resolve(entry.from, false), from);
    return this.#addFile(path, entry, from);
  }

  /**
   * Adds the links from / into /usr where the packages are of a release that ships everything in /usr and counts on the
   * links of a base system. Such a release shows in its loader: `/lib64/ld-linux-x86-64.so.2`, as every program names
   * it, is shipped in `/usr/lib64`.
   */
  addUsrLinks(): void {
    if (!this.#nodes.has('usr/lib64') || this.#hasLoaderInRoot) return;
    for (const name of MERGED)
      if (this.#nodes.has(`usr/${name}`) && !this.#nodes.has(name)) this.#setSymlink(name, `usr/${name}`);
  }

  /** Adds a symbolic link of our own where the target exists and nothing is in its place. */
  addMissingLink(path: string, target: string): void {
    const to = posix.join(posix.dirname(path), target);
    if (!this.#nodes.has(path) && this.#nodes.has(to)) this.#setSymlink(path, target);
  }

  #addDirectory(path: string): void {
    if (path === '' || this.#nodes.get(path)?.type === 'directory' || this.#options.leaveOut(path)) return;
    this.#makeParents(path);
    this.#nodes.set(path, { type: 'directory' });
    this.#sink.directory(path);
  }

  async #addFile(path: string, entry: DebEntry & { type: 'file' }, from: From): Promise<void> {
    const { executable, size, content } = entry;
    const old = this.#nodes.get(path);
    if (old && !(await this.#wins(path, from, old))) {
      const sha256 = await drain(content);
      if (old.type === 'file' && old.sha256 === sha256 && old.executable === executable) return;
      return this.#mustLose(path, from, old);
    }
    this.#makeParents(path);
    const hash = createHash('sha256');
    await this.#sink.file(path, executable, size, tee(content, hash));
    this.#nodes.set(path, { type: 'file', executable, sha256: hash.digest('hex'), ...from });
  }

  async #addLink(path: string, to: string, from: From): Promise<void> {
    const source = this.#nodes.get(to);
    if (source?.type !== 'file')
      return fail('BAD_PACKAGE', `the package ${from.by.name} cannot be unpacked`, {
        detail: `${path} is a hard link to ${to}, which is not a file before it`,
      });
    const old = this.#nodes.get(path);
    if (old?.type === 'file' && old.sha256 === source.sha256 && old.executable === source.executable) return;
    if (old && !(await this.#wins(path, from, old))) return this.#mustLose(path, from, old);
    this.#makeParents(path);
    this.#sink.copy(path, to);
    this.#nodes.set(path, { ...source, ...from });
  }

  async #addSymlink(path: string, written: string, from: From): Promise<void> {
    const target = inside(path, written);
    // With /bin inside /usr, a link from one to the other would be a link to itself.
    if (this.#resolve(posix.join(posix.dirname(path), target), false) === path) return;
    const old = this.#nodes.get(path);
    // dpkg never replaces a folder by a link to one.
    if (old?.type === 'directory' || (old?.type === 'symlink' && old.target === target)) return;
    if (old && !(await this.#wins(path, from, old))) return this.#mustLose(path, from, old);
    this.#setSymlink(path, target, from);
  }

  #setSymlink(path: string, target: string, { by, as }: Partial<From> = {}): void {
    this.#makeParents(path);
    this.#nodes.set(path, { type: 'symlink', target, by, as: as ?? path });
    this.#sink.symlink(path, target);
  }

  #makeParents(path: string): void {
    const parent = posix.dirname(path);
    if (parent === '.' || this.#nodes.has(parent)) return;
    this.#makeParents(parent);
    this.#nodes.set(parent, { type: 'directory' });
  }

  /** Whether a new entry may replace what is there. */
  async #wins(path: string, from: From, old: Node): Promise<boolean> {
    if (old.type === 'directory') return conflict(path, from, old);
    if (!old.by || old.by === from.by || old.type === 'symlink') return false;
    return this.#options.replaces(from.by, old.by);
  }

  /** Leaves the old one in place if it may stay. */
  async #mustLose(path: string, from: From, old: Node): Promise<void> {
    const keeper = old.type === 'directory' ? undefined : old.by;
    if (keeper && keeper !== from.by && (await this.#options.replaces(keeper, from.by))) return;
    conflict(path, from, old);
  }

  /** The path with all symbolic links in its folders (and, with `last`, at its end) followed. */
  #resolve(path: string, last: boolean): string {
    let done = '';
    const todo = path.split('/').filter((part) => part !== '' && part !== '.');
    for (let links = 0; todo.length > 0;) {
      const part = todo.shift()!;
      if (part === '..') {
        done = done.includes('/') ? posix.dirname(done) : '';
        continue;
      }
      const here = done === '' ? part : `${done}/${part}`;
      const node = this.#nodes.get(here) ?? this.#mergeUsr(here, todo.length > 0 || last);
      if (node?.type === 'symlink' && (todo.length > 0 || last)) {
        if (++links > MAX_LINKS) fail('BAD_PACKAGE', `too many symbolic links on the way to /${path}`);
        todo.unshift(...node.target.split('/').filter((each) => each !== '' && each !== '.'));
        continue;
      }
      if (node?.type === 'file' && todo.length > 0)
        fail('PACKAGE_CONFLICT', `/${here} is a file in ${packageKey(node.by)} and a folder in another package`);
      done = here;
    }
    return done;
  }

  /** The link from a folder that lives in /usr, made when it is first needed. */
  #mergeUsr(path: string, asFolder: boolean): Node | undefined {
    if (!asFolder || !MERGED.includes(path)) return undefined;
    this.#addDirectory(`usr/${path}`);
    this.#setSymlink(path, `usr/${path}`);
    return this.#nodes.get(path);
  }
}

function conflict(path: string, { by, as }: From, old: Node): never {
  const other =
    old.type === 'directory' ? 'another package, where it is a folder' : old.by ? packageKey(old.by) : 'dsmb';
  // Two paths of two packages, or of one, meet where /bin and the like are links into /usr.
  const paths = old.type === 'directory' || old.as === as ? '' : ` (as /${as} and /${old.as})`;
  return fail('PACKAGE_CONFLICT', `/${path} is in ${packageKey(by)} and, with another content, in ${other}${paths}`, {
    hint: 'run `dsmb lock`, which takes versions of one release; or put the two packages into two toolchains',
  });
}

/** A link's target as a relative one that stays in the tree, as it would with the tree as the root. */
function inside(path: string, target: string): string {
  const folder = posix.dirname(path);
  const absolute = posix.resolve('/', folder, target);
  const climbs = posix.join(folder, target).startsWith('..');
  if (!target.startsWith('/') && !climbs) return target;
  return posix.relative(posix.resolve('/', folder), absolute) || '.';
}

async function* tee(content: AsyncIterable<Uint8Array>, hash: ReturnType<typeof createHash>) {
  for await (const chunk of content) {
    hash.update(chunk);
    yield chunk;
  }
}

async function drain(content: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of content) hash.update(chunk);
  return hash.digest('hex');
}
