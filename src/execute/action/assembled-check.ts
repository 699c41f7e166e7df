/** Checks the raw files of disks in the store: each must hold, byte for byte, the disk that it is named by. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Check } from '../../../cache/check/finding.ts';
import { entriesOf, statOf } from '../../../cache/collect/quiet.ts';
import { digest } from '../../model/digest.ts';
import {
  BLOCK_SIZE,
  blockIndex,
  dataRanges,
  fileSource,
  isZero,
  MANIFEST,
  paced,
  readManifest,
  rawBlocks,
} from '../../disk/index.ts';
import { ASSEMBLED_DISKS } from './assembled-disks.ts';

/** Reports those that are damaged, or whose disk is no longer in the store. */
export async function checkAssembledDisks(check: Check): Promise<void> {
  const { store, report } = check;
  for (const { name } of entriesOf(store.root, ASSEMBLED_DISKS)) {
    const path = `${ASSEMBLED_DISKS}/${name}`;
    const problem = await problemOf(check, join(store.root, path), name.replace(/\.raw$/, ''));
    if (problem !== undefined) report({ kind: 'assembled disk', path, problem, repair: 'remove', keys: [] });
  }
}

/** What a disk must hold. */
interface Expected {
  readonly size: number;
  /** SHA-256 of the blocks that are not zero, by index. */
  readonly blocks: ReadonlyMap<number, string>;
}

async function problemOf(check: Check, path: string, hash: string): Promise<string | undefined> {
  const expected = expectedOf(check, hash);
  if (!expected) return 'belongs to no disk of the store';
  if (!statOf(path)?.isFile()) return 'is not a file';
  using file = fileSource(path);
  if (file.size !== expected.size) return `has ${file.size} bytes instead of ${expected.size}`;
  const mayHold = new Set([...rawBlocks(file, dataRanges(path)).blocks(), ...expected.blocks.keys()]);
  for await (const index of paced(mayHold, file.size, {})) {
    const offset = index * BLOCK_SIZE;
    const bytes = file.read(offset, Math.min(BLOCK_SIZE, file.size - offset));
    const found = isZero(bytes) ? undefined : createHash('sha256').update(bytes).digest('hex');
    if (found !== expected.blocks.get(index)) return `differs from its disk in the MiB at ${offset}`;
  }
  return undefined;
}

/** Undefined where the tree, or anything that it needs, is missing or broken. */
function expectedOf({ store, sound }: Check, hash: string): Expected | undefined {
  const treeSize = sound.get(hash);
  if (treeSize === undefined) return undefined;
  const blocks = new Map<number, string>();
  let size: number | undefined;
  try {
    for (const [path, node] of store.trees.walk({ type: 'directory', digest: digest(hash, treeSize) })) {
      if (node.type === 'symlink' || !sound.has(node.digest.hash)) return undefined;
      const index = blockIndex(path);
      if (index !== undefined) blocks.set(index, node.digest.hash);
      else if (path === MANIFEST) size = readManifest(store.cas.path(node.digest));
    }
  } catch {
    return undefined;
  }
  return size === undefined ? undefined : { size, blocks };
}
