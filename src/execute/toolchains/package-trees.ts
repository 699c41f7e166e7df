/** Package sets as trees of the store: unpacked once per list of packages, then known by their digest. */
import { createHash, hash as hashText } from 'node:crypto';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { writeAll, writeAtomically } from '../../../cache/files.ts';
import type { Store } from '../../../cache/store.ts';
import type { Node } from '../../../cache/tree.ts';
import { useRecord } from '../../../cache/uses.ts';
import { digest, formatDigest, parseDigest, type Digest } from '../../model/digest.ts';
import { keepPackageList } from '../../plan/package-list.ts';
import { unpackedSet, type Unpacking } from '../../plan/unpacked-set.ts';
import { Elsewhere } from '../elsewhere.ts';
import {
  debFile,
  fetchSet,
  lockedPackages,
  lockSet,
  materialiseSet,
  readLock,
  setKey,
  UNPACK_FORMAT,
} from '../../toolchain/index.ts';
import type { PackageStage } from '../../model/event.ts';
import type { Package, PackageSet, ToolchainContext, TreeSink } from '../../toolchain/index.ts';

/** A set of packages, unpacked or as .deb files. Both have the same entry in the lock. */
interface TreeSet extends PackageSet {
  readonly archives?: true;
}

interface Made {
  readonly tree: Node;
  readonly packages: readonly Package[];
}

interface Making {
  /** Where the digest of the tree is kept. */
  readonly memory: string;
  readonly locked: readonly Package[];
  /** Some of the tree was lost. */
  readonly doubted: boolean;
  readonly context: ToolchainContext;
}

const kindOf = ({ closure, archives }: TreeSet): boolean | 'archives' => (archives ? 'archives' : closure);

const treeKey = (set: TreeSet): string => `${setKey(set)}${set.archives ? ' (archives)' : ''}`;

export class PackageTrees {
  readonly #store: Store;
  readonly #context: Omit<ToolchainContext, 'cache' | 'progress'>;
  readonly #onProgress: (set: string, now: PackageStage) => void;
  readonly #elsewhere: Elsewhere;
  readonly #running = new Map<string, Promise<Node>>();
  /** By the record: sets of different names may have the same packages. */
  readonly #making = new Map<string, Promise<Node>>();
  readonly #broken = new Set<string>();
  readonly #used = new Set<string>();

  constructor(
    store: Store,
    context: Omit<ToolchainContext, 'cache' | 'progress'>,
    onProgress: (set: string, now: PackageStage) => void,
    elsewhere = new Elsewhere(store),
  ) {
    this.#store = store;
    this.#context = context;
    this.#onProgress = onProgress;
    this.#elsewhere = elsewhere;
  }

  /** The tree of a set. Fetched and unpacked when the store does not have it. */
  of(packages: readonly string[], closure: boolean, archives?: true): Promise<Node> {
    const set: TreeSet = { packages, closure, ...(archives ? { archives } : {}) };
    const key = treeKey(set);
    const running = this.#running.get(key) ?? this.#find(set);
    this.#running.set(key, running);
    return running;
  }

  /** Brings the files of a tree to the store: some may still be where it came from. */
  bring(tree: Node): Promise<void> {
    return this.#elsewhere.bring([tree]);
  }

  /** The records of the sets that were asked for, as paths. */
  used(): readonly string[] {
    return [...this.#used];
  }

  /**
   * The toolchain with the fewest packages that has a path, of those that are locked and unpacked; the package alone, where
   * it has the name of the file. Nothing is fetched.
   */
  toolchainWith(path: string): readonly string[] | undefined {
    const lock = readLock(this.#context.lockFile);
    const bySize = Object.entries(lock.sets).toSorted(([, a], [, b]) => a.length - b.length);
    for (const [key] of bySize) {
      const packages = /^closure: (.+)$/.exec(key)?.[1]?.split(' ');
      const locked = packages && lockedPackages(lock, { packages, closure: true });
      const tree = locked && recall(this.#memory({ packages, closure: true }, locked));
      if (tree && this.#store.trees.lookup({ type: 'directory', digest: tree }, path))
        return locked.some(({ name }) => name === basename(path)) ? [basename(path)] : packages;
    }
    return undefined;
  }

  /** What the lock says that a set stands for; undefined where it does not have the set. */
  lockedPackages(set: PackageSet): readonly Package[] | undefined {
    return lockedPackages(readLock(this.#context.lockFile), set);
  }

  /** Forgets the sets that the store no longer has whole; they are unpacked again when they are next asked for. */
  async forgetBroken(): Promise<void> {
    for (const [key, running] of this.#running) {
      const tree = await running.catch(() => undefined);
      if (tree && this.#elsewhere.isInReach(tree)) continue;
      this.#running.delete(key);
      this.#broken.add(key);
    }
  }

  async #find(set: TreeSet): Promise<Node> {
    const told = new ToldProgress((now) => this.#onProgress(setKey(set), now));
    try {
      const tree = await this.#findTold(set, told.tell);
      told.end('ready');
      return tree;
    } catch (error) {
      told.end('failed');
      throw error;
    }
  }

  async #findTold(set: TreeSet, progress: ToldProgress['tell']): Promise<Node> {
    const context: ToolchainContext = { ...this.#context, cache: this.#store.downloads, progress };
    const locked = await this.#locked(set, context);
    const memory = this.#memory(set, locked);
    this.#used.add(memory);
    const doubted = this.#broken.delete(treeKey(set));
    const making = this.#making.get(memory) ?? this.#findOrMake(set, { memory, locked, doubted, context });
    this.#making.set(memory, making);
    try {
      return await making;
    } finally {
      this.#making.delete(memory);
    }
  }

  async #findOrMake(set: TreeSet, { memory, locked, doubted, context }: Making): Promise<Node> {
    const unpacking = (): Unpacking => unpackedSet(kindOf(set), locked);
    const known = (): Node | undefined => this.#remembered(memory, doubted);
    const own = known();
    if (own) this.#elsewhere.offerTree(unpacking, own);
    return (
      own ??
      (await this.#elsewhere.tree(unpacking, (tree) => this.#remember(memory, tree, locked))) ??
      this.#store.locks.with(`packages ${memory}`, async () => known() ?? (await this.#make(set, unpacking, context)), {
        signal: context.signal,
        onWait: () => context.progress?.('waiting for another build that unpacks it'),
      })
    );
  }

  /** The packages of a set. Two builds that add to one lock file do it one after the other. */
  async #locked(set: PackageSet, context: ToolchainContext): Promise<readonly Package[]> {
    const { lockFile, signal } = context;
    const known = lockedPackages(readLock(lockFile), set);
    const onWait = (): void => context.progress?.('waiting for another build that adds to the lock');
    return known ?? this.#store.locks.with(`file ${lockFile}`, () => lockSet(set, context), { signal, onWait });
  }

  #remembered(memory: string, doubted: boolean): Node | undefined {
    const of = useRecord(memory) ? recall(memory) : undefined;
    if (!of) return undefined;
    const tree: Node = { type: 'directory', digest: of };
    return (doubted ? this.#store.trees.complete(tree) : this.#store.cas.has(of)) ? tree : undefined;
  }

  async #make(set: TreeSet, unpacking: () => Unpacking, context: ToolchainContext): Promise<Node> {
    const { tree, packages } = await (set.archives ? this.#collect(set, context) : this.#unpack(set, context));
    await this.#store.cas.sync();
    this.#remember(this.#memory(set, packages), tree, packages);
    this.#elsewhere.offerTree(unpacking, tree);
    return tree;
  }

  #remember(memory: string, tree: Node, packages: readonly Package[]): void {
    const { digest: of } = tree as Node & { type: 'directory' };
    writeAtomically(memory, formatDigest(of));
    keepPackageList(this.#store, of, packages);
  }

  /** The .deb files, under the names that they have on a mirror. */
  async #collect(set: TreeSet, context: ToolchainContext): Promise<Made> {
    const packages = await fetchSet(set, context);
    const files = packages.map((each): [string, Node] => [
      basename(each.filename),
      { type: 'file', digest: this.#store.cas.putCopy(debFile(context.cache, each)), executable: false },
    ]);
    return { tree: this.#store.trees.build(files), packages };
  }

  async #unpack(set: TreeSet, context: ToolchainContext): Promise<Made> {
    const sink = new StoreSink(this.#store);
    try {
      const packages = await materialiseSet(set, context, sink);
      return { tree: await sink.finish(), packages };
    } finally {
      sink.discard();
    }
  }

  #memory(set: TreeSet, packages: readonly Package[]): string {
    const text = JSON.stringify([UNPACK_FORMAT, kindOf(set), packages.map(({ sha256 }) => sha256)]);
    return join(this.#store.root, 'packages.v1', hashText('sha256', text, 'hex'));
  }
}

interface Incoming {
  readonly path: string;
  readonly digest: Digest;
}

/** Puts unpacked files into the store; they become blobs together, after one sync. */
class StoreSink implements TreeSink {
  readonly #store: Store;
  readonly #nodes = new Map<string, Node>();
  readonly #incoming = new Map<string, Incoming>();

  constructor(store: Store) {
    this.#store = store;
  }

  async file(path: string, executable: boolean, _size: number, content: AsyncIterable<Uint8Array>): Promise<void> {
    const temporary = this.#store.cas.incoming();
    const hash = createHash('sha256');
    let size = 0;
    const file = openSync(temporary, 'wx');
    try {
      for await (const chunk of content) {
        hash.update(chunk);
        writeAll(file, chunk);
        size += chunk.length;
      }
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    } finally {
      closeSync(file);
    }
    const of = digest(hash.digest('hex'), size);
    if (this.#store.cas.has(of) || this.#incoming.has(of.hash)) rmSync(temporary);
    else this.#incoming.set(of.hash, { path: temporary, digest: of });
    this.#nodes.set(path, { type: 'file', digest: of, executable });
  }

  copy(path: string, from: string): void {
    this.#nodes.set(path, this.#nodes.get(from)!);
  }

  symlink(path: string, target: string): void {
    this.#nodes.set(path, { type: 'symlink', target });
  }

  directory(path: string): void {
    if (!this.#nodes.has(path)) this.#nodes.set(path, this.#store.trees.store(new Map()));
  }

  async finish(): Promise<Node> {
    await promisify(execFile)('/usr/bin/sync', ['--file-system', this.#store.root]);
    for (const { path, digest: of } of this.#incoming.values()) this.#store.cas.adopt(path, of);
    this.#incoming.clear();
    return this.#store.trees.build(this.#nodes);
  }

  discard(): void {
    for (const { path } of this.#incoming.values()) rmSync(path, { force: true });
  }
}

/** The progress of a set: where any was told, its end is told as well. */
class ToldProgress {
  readonly #onProgress: (now: PackageStage) => void;
  #startedAt: number | undefined;

  constructor(onProgress: (now: PackageStage) => void) {
    this.#onProgress = onProgress;
  }

  readonly tell: NonNullable<ToolchainContext['progress']> = (stage, percent, bytes) => {
    this.#startedAt ??= performance.now();
    this.#onProgress({ stage, ...(percent === undefined ? {} : { percent }), ...(bytes ? { bytes } : {}) });
  };

  end(stage: 'ready' | 'failed'): void {
    if (this.#startedAt !== undefined) this.#onProgress({ stage, durationMs: performance.now() - this.#startedAt });
  }
}

function recall(path: string): Digest | undefined {
  try {
    return parseDigest(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
