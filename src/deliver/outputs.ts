/** Puts what was asked for where people look: `dsmb-out/<package>/<name>/`. */
import { lstatSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { removeTree } from '../../cache/files.ts';
import { escapingLink } from '../../cache/links.ts';
import type { WaitOptions } from '../../cache/locks.ts';
import type { Store } from '../../cache/store.ts';
import type { Node } from '../../cache/tree.ts';
import type { ArtifactReference, LabelledArtifact } from '../analysis/action.ts';
import { deliverDisk } from '../execute/action/assembled-disks.ts';
import { outputPlace, STAMPS } from '../load/output-folder.ts';
import { OUTPUT_FOLDER } from '../load/workspace.ts';
import { fail, Failure } from '../model/diagnostic.ts';
import { formatDigest } from '../model/digest.ts';
import { splitLabel, type Label } from '../model/label.ts';
import { isSameContent, readRecord, writeRecord, type Content, type DeliveryRecord } from './delivery-record.ts';
import { holdsContent } from './holds-content.ts';
import { LaidOut } from './laid-out.ts';
import { notDelivered } from './not-delivered.ts';
import { isMostlyNew, updateFolder } from './update-folder.ts';

/** The file that says what of a target is delivered. */
export function stampOf(root: string, label: Label): string {
  return join(root, OUTPUT_FOLDER, STAMPS, stampName(label));
}

/** Where a target is delivered. */
export function outputFolder(root: string, label: Label): string {
  return join(root, OUTPUT_FOLDER, ...namesOf(label));
}

function namesOf(label: Label): string[] {
  const { packageName, name } = splitLabel(label);
  return [...(packageName === '' ? [] : packageName.split('/')), name];
}

/** Where an output lies, relative to the workspace, what it is, and whether it was laid there just now. */
export interface Delivered {
  readonly path: string;
  /** `hash/size`; null for a symbolic link. */
  readonly digest: string | null;
  readonly fresh: boolean;
}

/** Where a target is laid out, and what. */
interface Place {
  readonly store: Store;
  readonly label: Label;
  readonly content: Content;
  readonly folder: string;
  readonly stamp: string;
  /** Where it is made before it takes its place. */
  readonly aside: string;
  readonly signal: AbortSignal;
}

/** Lays a target's artifact out, unless it lies there already. What lay there stays until the new one is whole. */
export async function deliver(
  store: Store,
  root: string,
  target: LabelledArtifact,
  node: Node,
  wait: WaitOptions & { readonly signal: AbortSignal },
): Promise<Delivered> {
  const { label } = target;
  const content = { node, name: nameOf(store, target.artifact, node) };
  const folder = outputFolder(root, label);
  const aside = beside(folder, 'new');
  const place: Place = { store, label, content, folder, stamp: stampOf(root, label), aside, signal: wait.signal };
  const path = relative(root, node.type === 'directory' ? folder : join(folder, content.name));
  const digest = node.type === 'symlink' ? null : formatDigest(node.digest);
  try {
    outputPlace(root, namesOf(label));
    // Another build of the same workspace may be about to do the same.
    const fresh = await store.locks.with(`deliver ${root} ${label}`, () => bring(place), wait);
    return { path, digest, fresh };
  } catch (error) {
    throw notDelivered(error, { label, root, folder, aside });
  }
}

/** A name that no label has, on the same file system. */
function beside(folder: string, what: string): string {
  return join(dirname(folder), `.${what} ${basename(folder)}`);
}

function stampName(label: Label): string {
  const { packageName, name } = splitLabel(label);
  return `${packageName}:${name}`.replaceAll('/', '%');
}

/** Whether something had to be laid out. */
async function bring(place: Place): Promise<boolean> {
  const { content, folder, stamp, aside } = place;
  const before = LaidOut.at(folder);
  const record = readRecord(stamp);
  const known = before && record?.fingerprint === before.fingerprint() ? { ...record, before } : undefined;
  if (known && isSameContent(known, content)) {
    if (known.unsure.length === 0) return false;
    if (await isSure(place, known)) {
      writeRecord(stamp, recordOf(content, known.before));
      return false;
    }
  }
  requireInside(place);
  try {
    removeTree(aside);
    const after = (known && (await update(place, known))) ?? (await layOutAnew(place));
    if (after) writeRecord(stamp, recordOf(content, after));
  } finally {
    removeTree(aside);
  }
  return true;
}

/** What is known of the folder, by a record whose fingerprint it has. */
type Known = DeliveryRecord & { readonly before: LaidOut };

function isSure({ store, folder, signal }: Place, known: Known): Promise<boolean> {
  return holdsContent(store, folder, known, known.unsure, signal);
}

function recordOf(content: Content, laidOut: LaidOut): DeliveryRecord {
  return { ...content, fingerprint: laidOut.fingerprint(), unsure: laidOut.unsure() };
}

/** Brings the folder from what lies there to another tree; undefined where it must be laid out anew. */
async function update(place: Place, known: Known): Promise<LaidOut | undefined> {
  const { store, content, folder, stamp, aside, signal } = place;
  const [was, is] = [known.node, content.node];
  if (was.type !== 'directory' || is.type !== 'directory' || known.name !== '' || content.name !== '') return undefined;
  try {
    if (isMostlyNew(store, was, is) || !(await isSure(place, known))) return undefined;
    rmSync(stamp);
    known.before.lookAgain(await updateFolder(store, was, is, folder, { aside, signal }));
    return known.before;
  } catch (error) {
    // The store does not know any more what lies there.
    if (error instanceof Failure && error.diagnostic.code === 'BLOB_MISSING') return undefined;
    throw error;
  }
}

/** The old folder goes when the new one has its place. */
async function layOutAnew(place: Place): Promise<LaidOut | undefined> {
  const { folder, stamp, aside } = place;
  const old = beside(folder, 'old');
  mkdirSync(aside);
  await layOut(place, aside);
  removeTree(old);
  rmSync(stamp, { force: true });
  if (lstatSync(folder, { throwIfNoEntry: false })) renameSync(folder, old);
  renameSync(aside, folder);
  const laidOut = LaidOut.at(folder);
  removeTree(old);
  return laidOut;
}

/** A part of an output may have links to the rest, and a source to anything. */
function requireInside({ store, content: { node, name }, label }: Place): void {
  const link = name === '' ? escapingLink(store.trees, node) : undefined;
  if (!link) return;
  const { path, target } = link;
  fail('OUTPUT_LINK_ESCAPES', `${label} is not delivered: its symlink ${path} leads out of it, to ${target}`, {
    hint: 'deliver the folder that has all of it, or replace the link by what it leads to',
  });
}

async function layOut({ store, content: { node, name }, signal }: Place, folder: string): Promise<void> {
  const path = join(folder, name);
  if (node.type !== 'directory') return store.folders.deliver(node, path, signal);
  if (name !== '') return deliverDisk(store, node, path, signal);
  for (const [entry, of] of store.trees.entries(node.digest))
    await store.folders.deliver(of, join(path, entry), signal);
}

function nameOf(store: Store, artifact: ArtifactReference, node: Node): string {
  if (node.type !== 'directory') return fileName(artifact);
  return isDisk(store, node) ? 'disk.raw' : '';
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
