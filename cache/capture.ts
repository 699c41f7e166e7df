/**
 * Takes what an action wrote into the store: hashed once, and renamed unless somebody may have it open. Durable when the
 * store is synced.
 */
import { lstatSync, type Stats } from 'node:fs';
import { join, posix } from 'node:path';
import { fail } from '../src/model/diagnostic.ts';
import type { Digest } from '../src/model/digest.ts';
import { digestOf, type Cas } from './cas.ts';
import { cloneFile, hashFile, hashInTurns, startSync } from './files.ts';
import { endOfWay } from './links.ts';
import { namesIn, targetOf } from './names.ts';
import type { Node, Trees } from './tree.ts';
import type { Turns } from './turns.ts';

/** A file of this size is written to the disk while it is hashed. */
export const LARGE_BYTES = 8 * 1024 * 1024;

export interface CaptureRequest {
  /** The folder on the store's file system that holds the outputs. */
  readonly folder: string;
  /** Where the action saw that folder, for example `/out`. */
  readonly mountedAt: string;
  /** Where the action saw its inputs, for example `/in`. */
  readonly inputsAt: string;
  /** The action's input root: a symlink to an input in it becomes the input's node, which costs nothing. */
  readonly inputRoot: Node;
  /** The digest of a large file, where it was hashed while it was written. */
  readonly known?: ((path: string, stats: Stats, turns: Turns) => Promise<Digest | undefined> | undefined) | undefined;
  /** An output may be larger than anybody wants to wait for. */
  readonly turns: Turns;
  /** Files become blobs as copies: somebody may have them open. */
  readonly copy?: boolean;
}

/** What was captured: the node of each declared output, and how many bytes had to be hashed. */
export interface Captured {
  readonly nodes: ReadonlyMap<string, Node>;
  readonly bytesHashed: number;
}

interface Written {
  readonly path: string;
  readonly digest: Digest;
  readonly syncing: Promise<void> | undefined;
}

/** A symlink that stays one. */
interface Link {
  readonly seenAt: string;
  readonly target: string;
}

/** Captures the named outputs. The action must have ended: nothing may still write. */
export async function capture(
  cas: Cas,
  trees: Trees,
  names: readonly string[],
  request: CaptureRequest,
): Promise<Captured> {
  const { turns } = request;
  const written: Written[] = [];
  const links: Link[] = [];
  let bytesHashed = 0;

  const visit = async (path: string, seenAt: string): Promise<Node> => {
    if (turns.isOver) await turns.next();
    const stats = lstatSync(path);
    if (stats.isSymbolicLink()) return resolveLink(path, seenAt);
    if (stats.isDirectory()) {
      const entries = new Map<string, Node>();
      for (const name of namesIn(path, seenAt)) entries.set(name, await visit(join(path, name), `${seenAt}/${name}`));
      return trees.store(entries);
    }
    if (!stats.isFile()) return fail('OUTPUT_NOT_A_FILE', `output ${seenAt} is neither a file, a folder nor a symlink`);
    const own = request.copy ? copyOf(path) : path;
    const syncing = stats.size >= LARGE_BYTES ? startSync(own) : undefined;
    const of = syncing ? await digestOfLarge(own, stats) : hashFile(own);
    bytesHashed += of.size;
    written.push({ path: own, digest: of, syncing });
    return { type: 'file', digest: of, executable: (stats.mode & 0o100) !== 0 };
  };

  const copyOf = (path: string): string => {
    const own = cas.incoming();
    cloneFile(path, own);
    return own;
  };

  const digestOfLarge = async (path: string, stats: Stats): Promise<Digest> =>
    (await request.known?.(path, stats, turns)) ?? hashInTurns(path, turns);

  const resolveLink = (path: string, seenAt: string): Node => {
    const target = targetOf(path, seenAt);
    const absolute = posix.resolve(posix.dirname(seenAt), target);
    const input = posix.relative(request.inputsAt, absolute);
    if (input !== '' && !input.startsWith('..')) {
      const node = trees.lookup(request.inputRoot, `in/${input}`);
      // A link that an input has is handed on as it is, and leads elsewhere from here.
      if (node?.type === 'symlink' && !node.target.startsWith('/')) links.push({ seenAt, target: node.target });
      if (node) return node;
    }
    links.push({ seenAt, target });
    return { type: 'symlink', target };
  };

  const nodes = new Map<string, Node>();
  for (const name of names) nodes.set(name, await visit(join(request.folder, name), `${request.mountedAt}/${name}`));
  for (const link of links) requireInside(trees, nodes, request.mountedAt, link);
  // Only now: a blob loses its mode, and a file may have several names here.
  for (const { path, digest, syncing } of written) cas.adoptUnsynced(path, digest, syncing);
  return { nodes, bytesHashed };
}

/** An output is one thing, wherever it will be laid out: what a link leads to must be in it. */
function requireInside(
  trees: Trees,
  outputs: ReadonlyMap<string, Node>,
  mountedAt: string,
  { seenAt, target }: Link,
): void {
  const [name = '', ...names] = posix.relative(mountedAt, seenAt).split('/');
  if (endOfWay(trees, outputs.get(name)!, names.slice(0, -1).join('/'), target) !== 'outside') return;
  fail(
    'OUTPUT_LINK_ESCAPES',
    `output ${seenAt} is a symlink to ${target}, which leads neither into an input nor to something in the output`,
  );
}

/** The node of bytes in memory. */
export function captureBytes(cas: Cas, bytes: Uint8Array, executable = false): Node {
  const of = digestOf(bytes);
  if (!cas.has(of)) cas.put(bytes);
  return { type: 'file', digest: of, executable };
}
