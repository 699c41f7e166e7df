/** Takes what an action wrote into the store: hashed once, renamed and not copied, made durable together. */
import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fail } from '../src/model/diagnostic.ts';
import type { Digest } from '../src/model/digest.ts';
import { digestOf, type Cas } from './cas.ts';
import { hashFile, startSync, syncFiles } from './files.ts';
import type { Node, Trees } from './tree.ts';

/** More files than this are synced by one pass over the file system instead of one by one. */
const MANY_FILES = 64;
/** A file of this size is written to the disk while it is hashed. */
const LARGE_BYTES = 8 * 1024 * 1024;

export interface CaptureRequest {
  /** The folder on the store's file system that holds the outputs. */
  readonly folder: string;
  /** Where the action saw that folder, for example `/out`. */
  readonly mountedAt: string;
  /** The action's input root: a symlink into it becomes the input's node, which costs nothing. */
  readonly inputRoot: Node;
  /** Syncs a whole file system; called at most once. */
  readonly syncAll: (folder: string) => Promise<void>;
}

/** What was captured: the node of each declared output, and how many bytes had to be hashed. */
export interface Captured {
  readonly nodes: ReadonlyMap<string, Node>;
  readonly bytesHashed: number;
}

interface Pending {
  readonly path: string;
  readonly digest: Digest;
}

/** Captures the named outputs. The action must have ended: nothing may still write. */
export async function capture(
  cas: Cas,
  trees: Trees,
  names: readonly string[],
  request: CaptureRequest,
): Promise<Captured> {
  const pending: Pending[] = [];
  const syncing: Promise<void>[] = [];
  let bytesHashed = 0;

  const visit = (path: string, seenAt: string): Node => {
    const stats = lstatSync(path);
    if (stats.isSymbolicLink()) return resolveLink(path, seenAt);
    if (stats.isDirectory()) {
      const entries = new Map<string, Node>();
      for (const name of readdirSync(path)) entries.set(name, visit(join(path, name), `${seenAt}/${name}`));
      return trees.store(entries);
    }
    if (!stats.isFile()) return fail('OUTPUT_NOT_A_FILE', `output ${seenAt} is neither a file, a folder nor a symlink`);
    if (stats.size >= LARGE_BYTES) syncInBackground(path);
    const of = hashFile(path);
    bytesHashed += of.size;
    if (!cas.has(of)) pending.push({ path, digest: of });
    return { type: 'file', digest: of, executable: (stats.mode & 0o100) !== 0 };
  };

  const syncInBackground = (path: string): void => {
    const sync = startSync(path);
    // A failure is met when all are waited for.
    sync.catch(() => undefined);
    syncing.push(sync);
  };

  const resolveLink = (path: string, seenAt: string): Node => {
    const target = readlinkSync(path);
    const absolute = posix.resolve(posix.dirname(seenAt), target);
    const input = trees.lookup(request.inputRoot, absolute.slice(1));
    if (input && absolute.startsWith('/in/')) return input;
    if (posix.isAbsolute(target) || !absolute.startsWith(`${request.mountedAt}/`))
      return fail('OUTPUT_LINK_ESCAPES', `output ${seenAt} is a symlink to ${target}, outside the outputs and inputs`);
    return { type: 'symlink', target };
  };

  const nodes = new Map<string, Node>();
  for (const name of names) nodes.set(name, visit(join(request.folder, name), `${request.mountedAt}/${name}`));
  await Promise.all(syncing);
  await publish(cas, pending, request);
  return { nodes, bytesHashed };
}

async function publish(cas: Cas, pending: readonly Pending[], request: CaptureRequest): Promise<void> {
  if (pending.length > MANY_FILES) await request.syncAll(request.folder);
  else await syncFiles(pending.map(({ path }) => path));
  for (const { path, digest } of pending) cas.adopt(path, digest);
}

/** The node of a source file or folder of the user's, copied into the store. */
export function captureSource(cas: Cas, trees: Trees, path: string): Node {
  const stats = lstatSync(path);
  if (stats.isSymbolicLink()) return { type: 'symlink', target: readlinkSync(path) };
  if (stats.isDirectory())
    return trees.store(new Map(readdirSync(path).map((name) => [name, captureSource(cas, trees, join(path, name))])));
  if (!stats.isFile()) return fail('SOURCE_NOT_A_FILE', `${path} is neither a file nor a folder`);
  return { type: 'file', digest: cas.putCopy(path), executable: (stats.mode & 0o100) !== 0 };
}

/** The node of bytes in memory. */
export function captureBytes(cas: Cas, bytes: Uint8Array, executable = false): Node {
  const of = digestOf(bytes);
  if (!cas.has(of)) cas.put(bytes);
  return { type: 'file', digest: of, executable };
}
