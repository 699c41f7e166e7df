/** Outputs opened for reading: disks block by block, images as disks, files as bytes. Nothing is laid out for it. */
import type { Store } from '../../../cache/store.ts';
import type { Node } from '../../../cache/tree.ts';
import { identifyFileSystem, isZero, rawBlocks, readPartitions } from '../../disk/index.ts';
import { BLOCK_SIZE, type BlockSource, type ByteSource } from '../../disk/index.ts';
import { toDiagnostic } from '../../model/diagnostic.ts';
import { formatDigest } from '../../model/digest.ts';
import { blobSource, diskTree, storedDisk } from '../../report/stored-disk.ts';
import { printable } from '../../report/printable.ts';
import type { PageOutput } from './protocol.ts';

/** Larger images are not compared: a file is read as a whole for it. */
const MOST_IMAGE_BYTES = 256 * 1024 * 1024;

/** What an output is. One that cannot be read, as it has left the store, says so. */
export function describeOutput(store: Store, name: string, node: Node): PageOutput {
  const shown = printable(name);
  if (node.type === 'symlink') return { name: shown, kind: 'symlink' };
  const digest = formatDigest(node.digest);
  const common = { name: shown, digest, ...(node.type === 'file' ? { size: node.digest.size } : {}) };
  try {
    const tree = diskTree(store, node);
    if (tree) return { ...common, kind: 'disk', size: storedDisk(store, tree).size };
    if (node.type === 'directory') return { ...common, kind: 'folder' };
    return { ...common, kind: isImage(store, node) ? 'image' : 'file' };
  } catch (error) {
    const kind = node.type === 'directory' ? 'folder' : 'file';
    return { ...common, kind, problem: printable(toDiagnostic(error).message) };
  }
}

/** Opened disks that are remembered: where an image has data is found by reading all of it. */
const KEPT = 16;

export class OpenedDisks {
  readonly #store: Store;
  readonly #known = new Map<string, BlockSource>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** The disk that a node is; undefined for all else. */
  of(node: Node): BlockSource | undefined {
    if (node.type === 'symlink') return undefined;
    const { hash } = node.digest;
    const disk = this.#known.get(hash) ?? openAsDisk(this.#store, node);
    if (disk) this.#known.set(hash, disk);
    if (this.#known.size > KEPT) this.#known.delete(this.#known.keys().next().value!);
    return disk;
  }
}

function openAsDisk(store: Store, node: Node): BlockSource | undefined {
  const tree = diskTree(store, node);
  if (tree) return storedDisk(store, tree);
  if (node.type !== 'file' || !isImage(store, node)) return undefined;
  const source = blobSource(store, node.digest);
  return rawBlocks(source, blocksWithData(source));
}

/** Whatever its bytes are, it is a file; one that has left the store is a `BLOB_MISSING` failure. */
function isImage(store: Store, node: Node): node is Node & { readonly type: 'file' } {
  if (node.type !== 'file' || node.digest.size < 512 || node.digest.size > MOST_IMAGE_BYTES) return false;
  const source = blobSource(store, node.digest);
  source.read(0, 512);
  try {
    return readPartitions(source) !== undefined || /^(ext|fat)/.test(identifyFileSystem(source)?.type ?? '');
  } catch {
    return false;
  }
}

function* blocksWithData(source: ByteSource): Generator<{ offset: number; length: number }> {
  for (let offset = 0; offset < source.size; offset += BLOCK_SIZE) {
    const length = Math.min(BLOCK_SIZE, source.size - offset);
    if (!isZero(source.read(offset, length))) yield { offset, length };
  }
}
