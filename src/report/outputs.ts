/** Puts what was asked for where people look: `dsmb-out/<package>/<name>/`. */
import { mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import type { WaitOptions } from '../../cache/locks.ts';
import type { Store } from '../../cache/store.ts';
import { removeTree, writeInto } from '../../cache/files.ts';
import type { Node } from '../../cache/tree.ts';
import type { AnalysedTarget, ArtifactReference } from '../analysis/action.ts';
import { deliverDisk } from '../execute/assembled-disks.ts';
import { Failure } from '../model/diagnostic.ts';
import { formatDigest, parseDigest } from '../model/digest.ts';
import { splitLabel, type Label } from '../model/label.ts';
import { LaidOut } from './laid-out.ts';
import { isMostlyNew, updateFolder } from './update-folder.ts';

/** The folder of outputs in a workspace. */
export const OUTPUT_FOLDER = 'dsmb-out';

/** The file that says what of a target is delivered. */
export function stampOf(root: string, label: Label): string {
  const { packageName, name } = splitLabel(label);
  return join(root, OUTPUT_FOLDER, '.stamps', `${packageName}:${name}`.replaceAll('/', '%'));
}

/** Where a target is delivered. */
export function outputFolder(root: string, label: Label): string {
  const { packageName, name } = splitLabel(label);
  return join(root, OUTPUT_FOLDER, packageName, name);
}

/** Where an output lies, relative to the workspace, what it is, and whether it was laid there just now. */
export interface Delivered {
  readonly path: string;
  /** `hash/size`; null for a symbolic link. */
  readonly digest: string | null;
  readonly fresh: boolean;
}

/** Lays a target's artifact out, unless it lies there already. Another build of the workspace may be about to do the same. */
export function deliver(
  store: Store,
  root: string,
  target: AnalysedTarget,
  node: Node,
  wait: WaitOptions,
): Promise<Delivered> {
  return store.locks.with(`deliver ${root} ${target.label}`, () => deliverAlone(store, root, target, node), wait);
}

async function deliverAlone(store: Store, root: string, target: AnalysedTarget, node: Node): Promise<Delivered> {
  const folder = outputFolder(root, target.label);
  const inside = node.type === 'directory' ? '' : fileName(target.artifact);
  const stamp = stampOf(root, target.label);
  const identity = identityOf(node);
  const path = relative(root, join(folder, inside));
  const digest = node.type === 'symlink' ? null : formatDigest(node.digest);
  const before = LaidOut.at(folder);
  const there = lyingThere(stamp, before);
  if (there === identity) return { path, digest, fresh: false };
  rmSync(stamp, { force: true });
  const temporary = `${folder}.new`;
  try {
    removeTree(temporary);
    const changed = update(store, there, node, folder, temporary);
    if (changed) before?.lookAgain(changed);
    else await layOutAnew(store, node, inside, folder, temporary);
    removeTree(temporary);
    const after = changed ? before : LaidOut.at(folder);
    // One that was cut matches nothing; a temporary file would be left behind by a kill.
    if (after) writeInto(stamp, `${identity} ${after.fingerprint()}`);
  } catch (error) {
    removeTree(temporary);
    throw error;
  }
  return { path, digest, fresh: true };
}

/** What a stamp says, while nobody has changed what lies there. */
function lyingThere(stamp: string, laidOut: LaidOut | undefined): string | undefined {
  try {
    const text = readFileSync(stamp, 'utf8');
    const end = text.lastIndexOf(' ');
    return text.slice(end + 1) === laidOut?.fingerprint() ? text.slice(0, end) : undefined;
  } catch {
    return undefined;
  }
}

/** Brings a folder from what lies there to another tree; undefined where it must be laid out anew, else what changed. */
function update(
  store: Store,
  there: string | undefined,
  node: Node,
  folder: string,
  aside: string,
): string[] | undefined {
  if (node.type !== 'directory' || there?.startsWith(DIRECTORY) !== true) return undefined;
  try {
    const was = { type: 'directory', digest: parseDigest(there.slice(DIRECTORY.length)) } as const;
    if (isDisk(store, was) || isDisk(store, node) || isMostlyNew(store, was, node)) return undefined;
    return updateFolder(store, was, node, folder, aside);
  } catch (error) {
    // The store does not know any more what lies there.
    if (error instanceof Failure && error.diagnostic.code === 'BLOB_MISSING') return undefined;
    throw error;
  }
}

async function layOutAnew(store: Store, node: Node, inside: string, folder: string, temporary: string): Promise<void> {
  removeTree(temporary);
  mkdirSync(temporary, { recursive: true });
  await layOut(store, node, inside, temporary);
  removeTree(folder);
  renameSync(temporary, folder);
}

/** A disk becomes one sparse raw file; all else is laid out as it is. */
async function layOut(store: Store, node: Node, inside: string, folder: string): Promise<void> {
  if (node.type !== 'directory') return store.folders.deliver(node, join(folder, inside));
  if (isDisk(store, node)) return deliverDisk(store, node, join(folder, 'disk.raw'));
  for (const [name, entry] of store.trees.entries(node.digest)) store.folders.deliver(entry, join(folder, name));
}

function isDisk(store: Store, node: Node & { type: 'directory' }): boolean {
  const manifest = store.trees.entries(node.digest).get('disk.json');
  return manifest?.type === 'file' && store.cas.read(manifest.digest).toString().startsWith('{"format":"dsmb-disk/');
}

function fileName({ origin, path }: ArtifactReference): string {
  if (path !== '') return basename(path);
  switch (origin.type) {
    case 'action':
      return origin.action.outputs[origin.output]!.name;
    case 'source':
      return basename(origin.path);
    default:
      return 'output';
  }
}

const DIRECTORY = 'directory ';

function identityOf(node: Node): string {
  if (node.type === 'symlink') return node.target;
  const kind = node.type === 'directory' ? DIRECTORY : node.executable ? 'executable ' : '';
  return `${kind}${formatDigest(node.digest)}`;
}
