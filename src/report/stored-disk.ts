/** Disks and files of the store: read where their blobs lie; nothing is laid out for it. */
import { closeSync, existsSync, fstatSync, openSync } from 'node:fs';
import type { Store } from '../../cache/store.ts';
import type { Node, Trees } from '../../cache/tree.ts';
import { blockIndex, blockPath, GROUP_BLOCKS, MANIFEST, readManifest } from '../disk/index.ts';
import {
  checkRange,
  eachBlockPart,
  readFully,
  type BlockSource,
  type ByteSource,
  type DiskDigests,
} from '../disk/index.ts';
import { fail, Failure } from '../model/diagnostic.ts';
import type { Digest } from '../model/digest.ts';

type Directory = Node & { readonly type: 'directory' };

/** The tree of a node that is a disk; undefined for all else, as a folder with a file that only has the manifest's name. */
export function diskTree({ cas, trees }: Store, node: Node): Directory | undefined {
  if (node.type !== 'directory') return undefined;
  const manifest = trees.entries(node.digest).get(MANIFEST);
  if (manifest?.type !== 'file') return undefined;
  const path = cas.path(manifest.digest);
  try {
    readManifest(path);
  } catch (error) {
    // One that is gone said that this is a disk, as far as anybody knows.
    if (!(error instanceof Failure) || existsSync(path)) return undefined;
  }
  return node;
}

/** What a tree says about blocks, without reading them. */
export function diskDigests(trees: Trees, tree: Node): DiskDigests {
  const named = (path: string): string | undefined => {
    const node = trees.lookup(tree, path);
    return node === undefined || node.type === 'symlink' ? undefined : node.digest.hash;
  };
  return {
    group: (group) => named(blockPath(group * GROUP_BLOCKS).replace(/\/..$/, '')),
    block: (index) => named(blockPath(index)),
  };
}

/** Opens a disk of the store. A block that is gone is a `BLOB_MISSING` failure when it is read. */
export function storedDisk({ cas, trees }: Store, tree: Directory): BlockSource {
  const manifest = trees.lookup(tree, MANIFEST);
  if (manifest?.type !== 'file') return fail('NO_SUCH_DISK', 'the folder holds no disk');
  const size = sizeIn(cas.path(manifest.digest), manifest.digest.hash);
  const groups = namesAt(trees, tree, 'blocks').map((name) => Number.parseInt(name, 16));
  const folderOf = (group: number): string => blockPath(group * GROUP_BLOCKS).replace(/\/..$/, '');
  const blocksOf = (group: number): number[] => {
    const folder = folderOf(group);
    return namesAt(trees, tree, folder).flatMap((name) => blockIndex(`${folder}/${name}`) ?? []);
  };
  const readPart = (index: number, target: Buffer, from: number): void => {
    const node = trees.lookup(tree, blockPath(index));
    if (node?.type === 'file') readBlob(cas.path(node.digest), node.digest, target, from);
    else target.fill(0);
  };
  return {
    size,
    groups: () => groups,
    blocksOf,
    *blocks() {
      for (const group of groups) yield* blocksOf(group);
    },
    readBlock: (index, target) => readPart(index, target, 0),
    read(offset, length) {
      checkRange('the disk', size, offset, length);
      const bytes = Buffer.alloc(length);
      eachBlockPart(offset, length, (index, from, part, at) => readPart(index, bytes.subarray(at, at + part), from));
      return bytes;
    },
    digests: diskDigests(trees, tree),
  };
}

/** A file of the store; it is opened for each piece that is read. One that is gone is a `BLOB_MISSING` failure then. */
export function blobSource({ cas }: Store, digest: Digest): ByteSource {
  return {
    size: digest.size,
    read(offset, length) {
      checkRange('the file', digest.size, offset, length);
      const bytes = Buffer.alloc(length);
      readBlob(cas.path(digest), digest, bytes, offset);
      return bytes;
    },
  };
}

function namesAt(trees: Trees, tree: Node, path: string): string[] {
  const node = trees.lookup(tree, path);
  return node?.type === 'directory' ? [...trees.entries(node.digest).keys()].sort() : [];
}

function sizeIn(manifest: string, hash: string): number {
  return existsSync(manifest) ? readManifest(manifest) : lost(hash);
}

/** What lies behind the end of a blob is zero: the last block of a disk can be short. */
function readBlob(path: string, { hash, size }: Digest, target: Buffer, from: number): void {
  const descriptor = openBlob(path, hash);
  try {
    if (fstatSync(descriptor).size !== size) lost(hash);
    const there = Math.max(0, Math.min(target.length, size - from));
    readFully(descriptor, target.subarray(0, there), from, path);
    target.fill(0, there);
  } finally {
    closeSync(descriptor);
  }
}

function openBlob(path: string, hash: string): number {
  try {
    return openSync(path, 'r');
  } catch {
    return lost(hash);
  }
}

function lost(hash: string): never {
  return fail('BLOB_MISSING', `the store has lost blob ${hash}`, { hint: 'build the target again' });
}
