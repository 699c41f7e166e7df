/** Checks tree folders against their trees, and that the store's folder holds nothing else. */
import { readlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import { decodeDirectory } from '../reapi/messages.ts';
import { entriesOf, hashQuietly, readQuietly, shardedEntries, statOf } from '../collect/quiet.ts';
import type { Store } from '../store.ts';
import type { Entries, Node } from '../tree.ts';
import { EMPTY } from '../cas.ts';
import type { Check } from './finding.ts';

const HASH = /^[0-9a-f]{64}$/;

export function checkFolders(check: Check): void {
  const { store, report } = check;
  for (const { name, parentPath } of shardedEntries(join(store.root, 'trees.v1'))) {
    const path = `trees.v1/${parentPath.slice(-2)}/${name}`;
    const problem = HASH.test(name) ? folderProblem(check, name, join(store.root, path)) : 'is not a tree folder';
    if (problem) report({ kind: 'tree folder', path, problem, repair: 'remove', keys: [] });
  }
  for (const path of unknownNames(store))
    report({ kind: 'foreign', path, problem: 'does not belong to the store', repair: 'none', keys: [] });
}

interface Below {
  readonly hash: string;
  readonly path: string;
  readonly shown: string;
}

/** The first problem of a folder and all below, however deep that is. */
function folderProblem(check: Check, hash: string, path: string): string | undefined {
  const waiting: Below[] = [{ hash, path, shown: '' }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const problem = directoryProblem(check, next, waiting);
    if (problem) return problem;
  }
  return undefined;
}

/** Looks into one directory; those in it are left for later. */
function directoryProblem(check: Check, { hash, path, shown }: Below, later: Below[]): string | undefined {
  if (!statOf(path)?.isDirectory()) return `${shown || 'it'} is not a folder`;
  const bytes = hash === EMPTY.hash ? Buffer.alloc(0) : readQuietly(blobPath(check, hash));
  if (!bytes || (hash !== EMPTY.hash && !check.sound.has(hash)))
    return `the list of ${shown || 'its files'} is missing or broken`;
  const entries = decoded(bytes);
  if (!entries) return `the list of ${shown || 'its files'} is not a list`;
  const alien = entriesOf(path).find(({ name }) => !entries.has(name));
  if (alien) return `${shown}${alien.name} does not belong there`;
  for (const [name, node] of entries) {
    const [at, as] = [join(path, name), `${shown}${name}`];
    if (node.type === 'directory') later.push({ hash: node.digest.hash, path: at, shown: `${as}/` });
    const problem = node.type === 'directory' ? undefined : leafProblem(check, node, at, as);
    if (problem) return problem;
  }
  return undefined;
}

function decoded(bytes: Buffer): Entries | undefined {
  try {
    return decodeDirectory(bytes);
  } catch {
    return undefined;
  }
}

type Leaf = Exclude<Node, { type: 'directory' }>;

function leafProblem(check: Check, node: Leaf, path: string, shown: string): string | undefined {
  const stats = statOf(path);
  if (!stats) return `${shown} is missing`;
  if (node.type === 'symlink')
    return stats.isSymbolicLink() && readlinkSync(path) === node.target ? undefined : `${shown} is another link`;
  if (!stats.isFile() || stats.size !== node.digest.size) return `${shown} has another size`;
  if (((stats.mode & 0o100) !== 0) !== node.executable && node.digest.size > 0) return `${shown} has another mode`;
  // The same file as a blob that was read already, or one to be read.
  const { hash } = node.digest;
  const blob = statOf(blobPath(check, hash, node.executable ? 'exec.v1' : 'cas.v1'));
  const sameFile = blob?.ino === stats.ino && !node.executable && check.sound.has(hash);
  return sameFile || hashQuietly(path) === hash ? undefined : `${shown} has other content`;
}

function blobPath({ store }: Check, hash: string, folder = 'cas.v1'): string {
  return join(store.root, folder, hash.slice(0, 2), hash);
}

/** Folders of blobs and records, and other names that the store knows. */
const KNOWN =
  /^(cas|exec|ac|trees|packages|package-lists|bundles|memo|disks|parts|builds|roots|present|durations)\.v1$|^(incoming|sandboxes|locks|logs|debian)$|\.v\d+(\.json)?$/;

/** Names in the store's folder that nobody knows. */
function unknownNames(store: Store): string[] {
  return entriesOf(store.root)
    .map(({ name }) => name)
    .filter((name) => !KNOWN.test(name) && relative(store.root, store.downloads) !== name);
}
