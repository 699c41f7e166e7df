/**
 * Garbage collection: takes what was not used for long, and the least recently used when the store is larger than its
 * bound. Never taken: roots, and what any running build has looked at. docs/store.md says why that holds.
 */
import { renameSync } from 'node:fs';
import { hash } from 'node:crypto';
import { basename, join, relative } from 'node:path';
import { EMPTY } from '../cas.ts';
import { removeTree } from '../files.ts';
import { noteRemoval } from '../removals.ts';
import type { Root } from '../roots.ts';
import type { Store } from '../store.ts';
import { USE_GRACE_MS } from '../uses.ts';
import { itemsOf, lastUseOf, type Item } from './items.ts';
import { bytesOnDisk, entriesOf, shardedEntries, statOf } from './quiet.ts';
import { Reach } from './reach.ts';

export interface Bound {
  /** Bytes on disk; Infinity for no bound. */
  readonly maxSize: number;
  /** Milliseconds since the last use; Infinity for no bound. */
  readonly maxAge: number;
}

export interface CollectOptions extends Bound {
  /** Only says what would go. */
  readonly dryRun?: boolean;
  readonly now?: number;
}

/** What a collection took and left. */
export interface Collected {
  readonly dryRun: boolean;
  /** What went, by kind. */
  readonly removed: Readonly<Record<string, Amount>>;
  readonly removedBytes: number;
  /** What the store takes on disk afterwards. */
  readonly keptBytes: number;
  /** The part of it that roots need. */
  readonly rootBytes: number;
  readonly roots: number;
  /** Builds that ran beside it. */
  readonly runningBuilds: number;
}

export interface Amount {
  readonly count: number;
  readonly bytes: number;
}

/** Collects garbage; undefined when another process is doing so. */
export async function collect(store: Store, options: CollectOptions): Promise<Collected | undefined> {
  using lock = await store.locks.tryTake('collection');
  if (!lock) return undefined;
  if (options.dryRun !== true) noteRemoval(store.root);
  return new Collection(store, options).run();
}

/** A temporary file of a writer that was killed. */
const LEFTOVER = /^\.[0-9a-f]{12}\.tmp$/;

class Collection {
  readonly #store: Store;
  readonly #options: CollectOptions;
  readonly #now: number;
  readonly #reach: Reach;
  readonly #removed = new Map<string, { count: number; bytes: number }>();
  #ownBytes = 0;

  constructor(store: Store, options: CollectOptions) {
    this.#store = store;
    this.#options = options;
    this.#now = options.now ?? Date.now();
    this.#reach = new Reach(store.root);
  }

  run(): Collected {
    // First it says that it is there, then it looks for builds: see Presence.
    using _presence = this.#store.presence.enter('collection');
    const builds = this.#store.presence.all().filter(({ role }) => role === 'build');
    const inUseSince = Math.min(this.#now, ...builds.map(({ since }) => since - USE_GRACE_MS));
    if (this.#options.dryRun !== true) this.#store.roots.prune();
    const { rooted, roots } = this.#addRoots();
    const rootBytes = this.#reach.bytes + this.#ownBytes;
    // Records go before the blobs that they need: whoever finds a record finds its blobs.
    for (const item of this.#superfluous(rooted, inUseSince)) this.#take(item);
    this.#sweepBlobs(inUseSince);
    this.#sweepLeftovers();
    return {
      dryRun: this.#options.dryRun === true,
      removed: Object.fromEntries([...this.#removed].sort(([, a], [, b]) => b.bytes - a.bytes)),
      removedBytes: [...this.#removed.values()].reduce((sum, { bytes }) => sum + bytes, 0),
      keptBytes: this.#reach.bytes + this.#ownBytes,
      rootBytes,
      roots,
      runningBuilds: builds.length,
    };
  }

  /** Reaches what the last outputs and the kept ones need. Gives their records, which stay as well. */
  #addRoots(): { rooted: ReadonlySet<string>; roots: number } {
    const roots = [...this.#store.roots.kept(), ...this.#store.roots.delivered()];
    const rooted = new Set(roots.flatMap((root) => [...root.records, ...besides(root)]));
    for (const item of itemsOf(this.#store))
      if (rooted.has(this.#name(item))) {
        this.#ownBytes += item.bytes;
        this.#reach.add(item.references());
      }
    return { rooted, roots: roots.length };
  }

  /** The items that go: the newest stay, as long as they are young enough and what they need fits. */
  #superfluous(rooted: ReadonlySet<string>, inUseSince: number): Item[] {
    const { maxAge, maxSize } = this.#options;
    const items = [...itemsOf(this.#store)].filter((item) => !rooted.has(this.#name(item)));
    return items
      .sort((a, b) => b.lastUse - a.lastUse)
      .filter((item) => {
        const inUse = item.lastUse >= inUseSince || this.#describesNeeded(item);
        if (!inUse && this.#now - item.lastUse > maxAge) return true;
        const left = inUse ? Infinity : maxSize - this.#reach.bytes - this.#ownBytes - item.bytes;
        if (left < 0 || !this.#reach.add(item.references(), left)) return true;
        this.#ownBytes += item.bytes;
        return false;
      });
  }

  /** A few lines about a tree are worth as much as the tree. */
  #describesNeeded({ kind, path }: Item): boolean {
    return kind === 'package list' && this.#reach.has(basename(path));
  }

  #take(item: Item): void {
    const { kind, path, lastUse, bytes, references } = item;
    if (this.#takeAway(path, lastUse, (where) => lastUseOf(kind, where))) return this.#count(kind, bytes);
    this.#ownBytes += bytes;
    this.#reach.add(references());
  }

  #sweepBlobs(inUseSince: number): void {
    const { root } = this.#store;
    const gone = new Set<string>();
    for (const { name, parentPath } of shardedEntries(join(root, 'cas.v1'))) {
      if (name === EMPTY.hash || this.#reach.has(name)) continue;
      const path = join(parentPath, name);
      const bytes = bytesOnDisk(path);
      const lastUse = statOf(path)?.atimeMs ?? 0;
      if (lastUse < inUseSince && this.#takeAway(path, lastUse, (where) => statOf(where)?.atimeMs)) {
        gone.add(name);
        this.#count('blob', bytes);
      } else this.#ownBytes += bytes;
    }
    // The copy for execution lives as long as its blob.
    for (const { name, parentPath } of shardedEntries(join(root, 'exec.v1'))) {
      if (!gone.has(name) && statOf(join(root, 'cas.v1', name.slice(0, 2), name))) continue;
      this.#count('blob', bytesOnDisk(join(parentPath, name)));
      if (this.#options.dryRun !== true) removeTree(join(parentPath, name));
    }
  }

  /** Makes something invisible, and only then looks whether it was used since the decision: then it comes back. */
  #takeAway(path: string, expected: number, lastUse: (path: string) => number | undefined): boolean {
    if (this.#options.dryRun === true) return true;
    const aside = this.#store.cas.incoming();
    if (!moved(path, aside)) return removeTree(path) === undefined;
    if (lastUse(aside) !== expected && moved(aside, path)) return false;
    removeTree(aside);
    return true;
  }

  #sweepLeftovers(): void {
    const { root } = this.#store;
    const folders = entriesOf(root).filter((entry) => entry.isDirectory() && /\.v\d+$/.test(entry.name));
    for (const { name } of folders)
      for (const entry of [...entriesOf(root, name), ...shardedEntries(join(root, name))]) {
        const path = join(entry.parentPath, entry.name);
        const age = this.#now - (statOf(path)?.mtimeMs ?? this.#now);
        if (!LEFTOVER.test(entry.name) || age < USE_GRACE_MS) continue;
        this.#count('leftover', bytesOnDisk(path));
        if (this.#options.dryRun !== true) removeTree(path);
      }
  }

  #count(kind: string, bytes: number): void {
    const { count, bytes: before } = this.#removed.get(kind) ?? { count: 0, bytes: 0 };
    this.#removed.set(kind, { count: count + 1, bytes: before + bytes });
  }

  #name({ path }: Item): string {
    return relative(this.#store.root, path);
  }
}

/** What explains a root's records to people: the parts of their keys, and the history of the workspace. */
function besides({ records, workspace }: Root): string[] {
  const parts = records
    .filter((one) => one.startsWith('ac.v1/'))
    .map((one) => one.replace('ac.v1', 'parts.v1') + '.json');
  return [...parts, join('builds.v1', hash('sha256', workspace, 'hex').slice(0, 16))];
}

/** False where it cannot be moved: another file system, a disk without room for a name, or it is gone. */
function moved(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch {
    return false;
  }
}
