/** The content of artifacts: from references to nodes of Merkle trees. */
import { basename, dirname, join } from 'node:path';
import { captureBytes } from '../../cache/capture.ts';
import type { Store } from '../../cache/store.ts';
import type { Node } from '../../cache/tree.ts';
import type { ArtifactReference } from '../analysis/action.ts';
import { nearest } from '../load/nearest.ts';
import { fail } from '../model/diagnostic.ts';
import type { ActionNode } from '../analysis/action.ts';
import { sortByCodePoint } from '../step/order.ts';
import { sourceNode } from './source.ts';

/** Gives the nodes that need more than the store: results of actions, package sets. */
export interface Producers {
  /** The outputs of an action by output key; runs it when it is stale. */
  readonly action: (action: ActionNode) => Promise<ReadonlyMap<string, Node>>;
  readonly debian: (packages: readonly string[], closure: boolean, archives?: true) => Promise<Node>;
}

/** The node that an artifact stands for. */
export async function contentOf(store: Store, of: ArtifactReference, producers: Producers): Promise<Node> {
  const whole = await originContent(store, of, producers);
  return of.path === '' ? whole : partOf(store, of, whole);
}

/** A part is what its path leads to. That of a source is one itself: its links must not lead out of it either. */
function partOf(store: Store, of: ArtifactReference, whole: Node): Node {
  const place = store.trees.resolve(whole, of.path);
  const node = place === undefined ? undefined : store.trees.lookup(whole, place);
  if (!node) return fail('NO_SUCH_PART', `there is no ${of.path} in ${describe(of)}`, near(store, of, whole));
  const { origin } = of;
  if (origin.type !== 'source' || node.type !== 'directory') return node;
  return sourceNode(store, join(origin.path, place!), `${origin.written}/${place}`);
}

async function originContent(store: Store, { origin }: ArtifactReference, producers: Producers): Promise<Node> {
  switch (origin.type) {
    case 'action':
      return (await producers.action(origin.action)).get(origin.output)!;
    case 'source':
      return sourceNode(store, origin.path, origin.written);
    case 'debian':
      return producers.debian(origin.packages, origin.closure, origin.archives);
    case 'compose':
      return store.trees.build(await contentsOf(store, origin.entries, producers));
    case 'checksums':
      return textNode(store, checksums(await contentsOf(store, origin.entries, producers)));
  }
}

function contentsOf(
  store: Store,
  entries: ReadonlyMap<string, ArtifactReference>,
  producers: Producers,
): Promise<(readonly [path: string, node: Node])[]> {
  return allDone(
    [...entries].map(async ([path, artifact]) => [path, await contentOf(store, artifact, producers)] as const),
  );
}

/** What `sha256sum -c` reads. */
function checksums(files: readonly (readonly [name: string, node: Node])[]): string {
  const lines = sortByCodePoint(files, ([name]) => name).map(([name, node]) =>
    node.type === 'file'
      ? `${node.digest.hash}  ${name}\n`
      : fail('BAD_RULE', `a checksum of ${name}, which is not a file`),
  );
  return lines.join('');
}

/** Waits for all, then throws the first failure: what is under way gets to report itself. */
export async function allDone<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(promises);
  for (const one of settled) if (one.status === 'rejected') throw one.reason;
  return settled.map((one) => (one as PromiseFulfilledResult<T>).value);
}

/** A text as a node. */
export function textNode(store: Store, text: string): Node {
  return captureBytes(store.cas, Buffer.from(text));
}

/** What an artifact is, for messages. */
export function describe(of: ArtifactReference): string {
  switch (of.origin.type) {
    case 'action':
      return `${of.origin.action.label} (${of.origin.action.mnemonic})`;
    case 'source':
      return of.origin.written;
    case 'debian':
      return `Debian packages ${of.origin.packages.join(' ')}`;
    case 'compose':
      return 'a composed folder';
    case 'checksums':
      return `checksums of ${[...of.origin.entries.keys()].join(', ')}`;
  }
}

/** What there is in place of a part. */
function near(store: Store, of: ArtifactReference, whole: Node): { detail: string; hint?: string } {
  if (whole.type !== 'directory') return { detail: `${describe(of)} is a file, not a folder` };
  const parent = dirname(of.path) === '.' ? '' : dirname(of.path);
  const folder = store.trees.lookup(whole, parent);
  if (folder?.type !== 'directory') return { detail: `there is no folder ${parent} either` };
  const names = [...store.trees.entries(folder.digest).keys()];
  const close = nearest(basename(of.path), names);
  return {
    detail: `in ${parent || 'it'}: ${names.slice(0, 20).join(', ')}`,
    ...(close ? { hint: `did you mean ${join(parent, close)}?` } : {}),
  };
}
