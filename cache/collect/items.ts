/** What of the store is kept or goes as one: each with its last use, its size, and the blobs that it needs. */
import { join } from 'node:path';
import { readMadeOf, readResult } from '../action-cache.ts';
import type { Node } from '../tree.ts';
import type { Store } from '../store.ts';
import { bytesOnDisk, entriesOf, readQuietly, shardedEntries, statOf } from './quiet.ts';

/** A blob by its hash, and what is known of its content. */
export interface Reference {
  readonly hash: string;
  readonly as: 'file' | 'directory';
}

export interface Item {
  readonly kind: string;
  /** Absolute. */
  readonly path: string;
  /** ms since the epoch. */
  readonly lastUse: number;
  /** Of its own, without the blobs that it needs. */
  readonly bytes: number;
  readonly references: () => readonly Reference[];
}

const HASH = /^[0-9a-f]{64}$/;

/** Everything in the store but blobs. */
export function* itemsOf(store: Store): Generator<Item> {
  yield* results(store);
  yield* packageTrees(store);
  yield* bundles(store);
  yield* treeFolders(store);
  yield* assembledDisks(store);
  yield* plain(store, 'memo.v1', 'step memo');
  yield* plain(store, 'logs', 'failure log');
  yield* plain(store, 'builds.v1', 'build record');
  yield* plain(store, 'ledger.v1', 'ledger of builds');
  for (const old of ['snapshots.v1', 'graphs.v2']) yield* plain(store, old, 'ledger of an earlier version');
  yield* plain(store, 'package-lists.v1', 'package list');
  yield* parts(store);
  if (store.downloads.startsWith(join(store.root, '/'))) yield* downloads(store);
}

/** The time of an item's last use; to be asked again before it is taken away. */
export function lastUseOf(kind: string, path: string): number | undefined {
  const stats = statOf(path);
  if (!stats) return undefined;
  // The modification time of these says that they are as they were made; of a download, reading is the use.
  if (kind === 'tree folder' || kind === 'assembled disk') return stats.atimeMs;
  return kind === 'download' ? Math.max(stats.atimeMs, stats.mtimeMs) : stats.mtimeMs;
}

function item(kind: string, path: string, references: Item['references'] = () => []): Item[] {
  const lastUse = lastUseOf(kind, path);
  // The files of a tree folder are links to blobs.
  const bytes = kind === 'tree folder' ? 0 : bytesOnDisk(path);
  return lastUse === undefined ? [] : [{ kind, path, lastUse, bytes, references }];
}

function* results({ root }: Store): Generator<Item> {
  for (const { name, parentPath } of shardedEntries(join(root, 'ac.v1'))) {
    const path = join(parentPath, name);
    if (HASH.test(name)) yield* item('result', path, () => resultReferences(path));
  }
}

/** What the action was made of, and what it made. */
function resultReferences(path: string): Reference[] {
  const result = readResult(path);
  if (!result) return [];
  const nodes = [...readMadeOf(path).values(), ...result.outputs.values()];
  return [...nodes.flatMap(referenceTo), ...(result.log ? [{ hash: result.log.hash, as: 'file' } as const] : [])];
}

export function referenceTo(node: Node): Reference[] {
  return node.type === 'symlink' ? [] : [{ hash: node.digest.hash, as: node.type }];
}

function* packageTrees({ root }: Store): Generator<Item> {
  for (const { name } of entriesOf(root, 'packages.v1')) {
    const path = join(root, 'packages.v1', name);
    if (HASH.test(name)) yield* item('package tree', path, () => hashesIn(path, 'directory'));
  }
}

function* bundles({ root }: Store): Generator<Item> {
  for (const { name } of entriesOf(root, 'bundles.v1')) {
    const path = join(root, 'bundles.v1', name);
    if (!name.startsWith('.')) yield* item('bundle', path, () => hashesIn(path, 'file').slice(0, 1));
  }
}

/** The hashes that a text names. */
export function hashesIn(path: string, as: Reference['as']): Reference[] {
  const found =
    readQuietly(path)
      ?.toString()
      .match(/\b[0-9a-f]{64}\b/g) ?? [];
  return found.map((hash) => ({ hash, as }));
}

function* treeFolders({ root }: Store): Generator<Item> {
  for (const { name, parentPath } of shardedEntries(join(root, 'trees.v1')))
    if (HASH.test(name)) yield* item('tree folder', join(parentPath, name), () => [{ hash: name, as: 'directory' }]);
}

function* assembledDisks({ root }: Store): Generator<Item> {
  for (const { name } of entriesOf(root, 'disks.v1')) {
    const [hash = '', extension] = name.split('.');
    if (HASH.test(hash) && extension === 'raw')
      yield* item('assembled disk', join(root, 'disks.v1', name), () => [{ hash, as: 'directory' }]);
  }
}

function* parts({ root }: Store): Generator<Item> {
  for (const { name, parentPath } of shardedEntries(join(root, 'parts.v1')))
    if (!name.startsWith('.')) yield* item('key explanation', join(parentPath, name));
}

function* downloads({ downloads }: Store): Generator<Item> {
  for (const { name } of entriesOf(downloads, 'debs'))
    if (name.endsWith('.deb')) yield* item('download', join(downloads, 'debs', name));
}

function* plain({ root }: Store, folder: string, kind: string): Generator<Item> {
  for (const { name } of entriesOf(root, folder))
    if (!name.startsWith('.')) yield* item(kind, join(root, folder, name));
}
