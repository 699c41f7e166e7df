/** The disks that `dsmb disk` is about: what a target has built, a blob or tree of the store, a folder, a raw image. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Store, storeRoot } from '../../../cache/store.ts';
import type { Node } from '../../../cache/tree.ts';
import { dataRanges, fileSource, MANIFEST, openDisk, rawBlocks, type BlockSource } from '../../disk/index.ts';
import { fail } from '../../model/diagnostic.ts';
import { formatDigest } from '../../model/digest.ts';
import { diskDigests } from '../../report/stored-disk.ts';
import { WORKSPACE_OPTIONS, type Call, type Option } from '../command.ts';
import { findBuilt } from './built.ts';
import { givenDigest } from './digests.ts';

/** An open disk. */
export interface OpenedDisk extends Disposable {
  /** As the user wrote it. */
  readonly name: string;
  readonly disk: BlockSource;
  /** The folder, where it is a disk artifact. */
  readonly folder?: string;
  /** The file, where it is a raw image. */
  readonly image?: string;
  /** The tree, where it is in the store. */
  readonly tree?: Node & { readonly type: 'directory' };
  readonly store?: Store;
}

/** For usage lines. */
export const DISK = 'DISK';
export const DISK_OPTIONS: Readonly<Record<string, Option>> = {
  ...WORKSPACE_OPTIONS,
  json: { type: 'boolean', help: 'print JSON' },
};

/** Smaller images are read whole in less time than it takes to ask for their holes. */
const SPARSE_FROM = 64 * 1024 * 1024;
const DIGEST = /^[0-9a-f]{64}\/\d+$/;

/** Opens what an operand names: a file or folder that exists, a digest of the store, or a label. */
export async function openOperand(call: Call, operand: string): Promise<OpenedDisk> {
  const stats = operand.startsWith('//') ? undefined : statSync(operand, { throwIfNoEntry: false });
  if (stats?.isDirectory()) return openFolder(operand, operand);
  if (stats?.isFile() || stats?.isBlockDevice()) return openImage(operand, operand, stats.isFile());
  if (stats) fail('NO_SUCH_DISK', `${operand} is neither a file nor a folder nor a block device`);
  const store = new Store(storeRoot());
  if (DIGEST.test(operand)) return openNode(store, storedNode(store, operand), operand);
  if (!operand.startsWith('//'))
    fail('NO_SUCH_DISK', `there is no file or folder '${operand}'`, { hint: 'labels of targets start with //' });
  return openNode(store, await findBuilt(call, store, operand), operand);
}

function openFolder(folder: string, name: string): OpenedDisk {
  if (!statSync(join(folder, MANIFEST), { throwIfNoEntry: false }))
    fail('NO_SUCH_DISK', `${folder} holds no disk: it has no ${MANIFEST}`, {
      hint: existsSync(join(folder, 'disk.raw'))
        ? `its image: ${join(folder, 'disk.raw')}`
        : 'give a raw image, a folder in disk format, or the label of a target',
    });
  return { name, folder, disk: openDisk(folder, { links: 'refused' }), [Symbol.dispose]: () => {} };
}

/** A device has no holes to ask for. */
function openImage(path: string, name: string, isFile = true): OpenedDisk {
  const file = fileSource(path);
  const mayHaveHoles = isFile && file.size >= SPARSE_FROM;
  return {
    name,
    image: path,
    disk: rawBlocks(file, mayHaveHoles ? dataRanges(path) : undefined),
    [Symbol.dispose]: () => file.close(),
  };
}

function openNode(store: Store, node: Node, name: string): OpenedDisk {
  if (node.type === 'file') return openImage(store.cas.path(node.digest), name);
  if (node.type === 'symlink') return fail('NO_SUCH_DISK', `${name} is a symlink, not a disk`);
  if (!store.trees.entries(node.digest).has(MANIFEST)) fail('NO_SUCH_DISK', `${name} is a folder, not a disk`);
  const folder = store.folders.folder(node);
  const disk: BlockSource = { ...openDisk(folder), digests: diskDigests(store.trees, node) };
  return { name, folder, disk, tree: node, store, [Symbol.dispose]: () => {} };
}

function storedNode(store: Store, text: string): Node {
  const digest = givenDigest(text);
  if (!store.cas.has(digest)) fail('NO_SUCH_DISK', `the store has no ${formatDigest(digest)}`);
  return { type: 'directory', digest };
}
