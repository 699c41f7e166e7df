/** Puts what was asked for where people look: `dsmb-out/<package>/<name>/`. */
import { mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import type { Store } from '../../cache/store.ts';
import { removeTree, writeAtomically } from '../../cache/files.ts';
import type { Node } from '../../cache/tree.ts';
import type { AnalysedTarget, ArtifactReference } from '../analysis/action.ts';
import { diskToRaw } from '../disk/index.ts';
import { formatDigest } from '../model/digest.ts';
import { splitLabel, type Label } from '../model/label.ts';

/** The folder of outputs in a workspace. */
export const OUTPUT_FOLDER = 'dsmb-out';

/** The file that says what of a target is delivered. */
export function stampOf(root: string, label: Label): string {
  const { packageName, name } = splitLabel(label);
  return join(root, OUTPUT_FOLDER, '.stamps', `${packageName}:${name}`.replaceAll('/', '%'));
}

/** Where an output lies, relative to the workspace, and whether it was laid there just now. */
export interface Delivered {
  readonly path: string;
  readonly fresh: boolean;
}

/** Lays a target's artifact out, unless it lies there already. */
export function deliver(store: Store, root: string, target: AnalysedTarget, node: Node): Promise<Delivered> {
  // Another build of the same workspace may be about to do the same.
  return store.locks.with(`deliver ${root} ${target.label}`, () => deliverAlone(store, root, target, node));
}

async function deliverAlone(store: Store, root: string, target: AnalysedTarget, node: Node): Promise<Delivered> {
  const { packageName, name } = splitLabel(target.label);
  const folder = join(root, OUTPUT_FOLDER, packageName, name);
  const inside = node.type === 'directory' ? '' : fileName(target.artifact);
  const stamp = stampOf(root, target.label);
  const identity = node.type === 'symlink' ? node.target : formatDigest(node.digest);
  const path = relative(root, join(folder, inside));
  if (readStamp(stamp) === `${identity} ${fingerprint(folder)}`) return { path, fresh: false };
  rmSync(stamp, { force: true });
  const temporary = `${folder}.new`;
  try {
    removeTree(temporary);
    mkdirSync(temporary, { recursive: true });
    await layOut(store, node, inside, temporary);
    removeTree(folder);
    renameSync(temporary, folder);
  } catch (error) {
    removeTree(temporary);
    throw error;
  }
  writeAtomically(stamp, `${identity} ${fingerprint(folder)}`);
  return { path, fresh: true };
}

/** A disk becomes one sparse raw file; all else is laid out as it is. */
async function layOut(store: Store, node: Node, inside: string, folder: string): Promise<void> {
  if (node.type !== 'directory') return store.folders.deliver(node, join(folder, inside));
  if (isDisk(store, node)) return diskToRaw(store.folders.folder(node), join(folder, 'disk.raw'));
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

/** The time of the folder's last change, which a removed or added file moves. */
function fingerprint(folder: string): string {
  const stats = statSync(folder, { throwIfNoEntry: false });
  return stats ? `${stats.ino} ${stats.mtimeMs}` : '';
}

function readStamp(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
