/** What the blocks of an ext file system are used for: groups, the journal, then every file and folder. */
import type { OnDamage } from '../folders.ts';
import type { ByteSource } from '../source.ts';
import type { Use } from '../use.ts';
import { blockMap } from './block-map.ts';
import { ClaimedBlocks } from './claimed-blocks.ts';
import { openExt } from './reader.ts';
import { damagedExt, descriptorOffset, hasSuperblock, INODE_FLAG, readGroup, readInode } from './volume.ts';
import type { ExtGeometry, Inode } from './volume.ts';

const BOOT_AREA = 1024;
/** What a path can be followed by: no file is named so. */
const MAP_OF = 'block map of /';
const ATTRIBUTES_OF = 'attributes of /';

const RESERVED = 'reserved for group descriptors';
const RESIZE_INODE = 7;
const DOUBLE_INDIRECT = 13;

type Kind = Use['kind'];

/** Damaged files of one file system that are told, each by each: of more, the rest of it is given up. */
const MOST_DAMAGED = 10_000;

/** What is looked through, and what of it has been counted. */
interface Volume {
  readonly source: ByteSource;
  readonly geometry: ExtGeometry;
  readonly claimed: ClaimedBlocks;
  readonly budget: Budget;
}

/**
 * The uses of a file system, in no order; damage of one file hides no other. Offsets count from its start. Undefined after
 * each file: many have no blocks.
 */
export function* extUses(source: ByteSource, told: OnDamage): Generator<Use | undefined> {
  const files = openExt(source);
  const { geometry } = files;
  const volume = { source, geometry, claimed: new ClaimedBlocks(), budget: new Budget(geometry) };
  const damaged = bounded(told);
  yield* groupUses(source, geometry, damaged);
  for (const [name, number] of geometry.ownInodes)
    yield* attempt('', damaged, () => contentUses(volume, readInode(source, geometry, number), 'metadata', name));
  const seen = new Set<number>();
  for (const { path, number, entry } of files.inodes(damaged)) {
    yield undefined;
    // A file of several names is told by the first.
    if (seen.has(number)) continue;
    seen.add(number);
    const kind = entry.type === 'directory' ? 'folder' : 'file';
    yield* attempt(path, damaged, () => inodeUses(volume, readInode(source, geometry, number), kind, path));
  }
}

/** What was found before the damage counts as well as what comes after. */
function* attempt(path: string, damaged: OnDamage, look: () => Iterable<Use | undefined>): Generator<Use | undefined> {
  try {
    yield* look();
  } catch (error) {
    damaged(path, error);
  }
}

/** Ends the look at a file system that is damaged everywhere. */
function bounded(damaged: OnDamage): OnDamage {
  let left = MOST_DAMAGED;
  return (path, error) => {
    if (--left < 0) damagedExt(`more than ${MOST_DAMAGED} of its files are damaged`);
    damaged(path, error);
  };
}

/** Bounds the holes in block maps: those of ext2 can have any number of them. */
class Budget {
  #left: number;

  constructor({ blockCount }: ExtGeometry) {
    this.#left = 2 * blockCount + 1024;
  }

  take(): void {
    if (--this.#left < 0) damagedExt('its files have more blocks than it has');
  }
}

/** Files may share a block of attributes: the first of them is told. */
function* inodeUses(volume: Volume, inode: Inode, kind: Kind, path: string): Generator<Use | undefined> {
  const { geometry, claimed } = volume;
  if (inode.attributes !== 0 && claimed.claim(inode.attributes))
    yield metadata(geometry, inode.attributes, 1, `${ATTRIBUTES_OF}${path}`);
  if (hasBlocks(inode)) yield* contentUses(volume, inode, kind, path);
}

/** Devices, short symlinks and small files lie in the inode itself. */
function hasBlocks({ mode, flags, size, content }: Inode): boolean {
  if ((flags & INODE_FLAG.inlineData) !== 0) return false;
  const type = mode & 0xf000;
  const isShortSymlink = type === 0xa000 && size < content.length && (flags & INODE_FLAG.extents) === 0;
  return [0x4000, 0x8000, 0xa000].includes(type) && !isShortSymlink;
}

function* contentUses(
  { source, geometry, claimed, budget }: Volume,
  inode: Inode,
  kind: Kind,
  name: string,
): Generator<Use | undefined> {
  const { blockSize } = geometry;
  const claim = (block: number, count = 1): void => {
    if (!claimed.claim(block, count))
      damagedExt(`of its blocks from ${block} to ${block + count - 1}, one is used twice`);
  };
  const ofMap: number[] = [];
  const map = blockMap(source, geometry, inode, (block) => {
    claim(block);
    ofMap.push(block);
  });
  const blocks = Math.ceil(inode.size / blockSize);
  for (let logical = 0; logical < blocks;) {
    budget.take();
    const { physical, count } = map(logical);
    const length = Math.min(count, blocks - logical);
    if (physical === undefined) yield undefined;
    else {
      claim(physical, length);
      const start = physical * blockSize;
      yield { start, end: start + length * blockSize, kind, name, offset: logical * blockSize };
    }
    logical += length;
  }
  for (const block of ofMap) yield metadata(geometry, block, 1, kind === 'metadata' ? name : `${MAP_OF}${name}`);
}

/** What each group keeps, wherever it keeps it. */
function* groupUses(source: ByteSource, geometry: ExtGeometry, damaged: OnDamage): Generator<Use | undefined> {
  const { blockSize, groupCount, descriptorSize, inodesPerGroup, inodeSize, blockCount } = geometry;
  const tableBlocks = Math.ceil((inodesPerGroup * inodeSize) / blockSize);
  const descriptors = Math.ceil((groupCount * descriptorSize) / blockSize);
  yield { start: 0, end: BOOT_AREA, kind: 'metadata', name: 'boot sectors of the file system' };
  if (geometry.reservedBlocks > 0) yield* attempt('', damaged, () => resizeUses(source, geometry));
  for (let group = 0; group < groupCount; group++) {
    if (hasSuperblock(geometry, group)) yield* superblockUses(geometry, group, descriptors);
    if (geometry.firstMetaBlock !== Infinity) yield* metaGroupUses(geometry, group);
    yield* attempt('', damaged, () => {
      const { blockBitmap, inodeBitmap, inodeTable } = readGroup(source, geometry, group);
      if ([blockBitmap, inodeBitmap, inodeTable + tableBlocks - 1].some((block) => block >= blockCount))
        damagedExt(`what group ${group} keeps lies outside of it`);
      return [
        metadata(geometry, blockBitmap, 1, 'block bitmap'),
        metadata(geometry, inodeBitmap, 1, 'inode bitmap'),
        metadata(geometry, inodeTable, tableBlocks, 'inode table'),
      ];
    });
  }
}

/** The inode that holds what is reserved has one block of numbers. */
function resizeUses(source: ByteSource, geometry: ExtGeometry): Use[] {
  const block = readInode(source, geometry, RESIZE_INODE).content.readUInt32LE(DOUBLE_INDIRECT * 4);
  return block === 0 ? [] : [metadata(geometry, block, 1, RESERVED)];
}

/** Descriptors that lie with the groups which they describe (meta_bg): in the first, the second and the last of these. */
function* metaGroupUses(geometry: ExtGeometry, group: number): Generator<Use> {
  const { blockSize, descriptorSize, firstBlock, blocksPerGroup, firstMetaBlock } = geometry;
  yield metadata(geometry, Math.floor(descriptorOffset(geometry, group) / blockSize), 1, 'group descriptors');
  const perBlock = blockSize / descriptorSize;
  const isCopy = group % perBlock === 1 || group % perBlock === perBlock - 1;
  if (!isCopy || Math.floor(group / perBlock) < firstMetaBlock) return;
  const block = firstBlock + group * blocksPerGroup + (hasSuperblock(geometry, group) ? 1 : 0);
  yield metadata(geometry, block, 1, 'copy of the group descriptors');
}

function* superblockUses(geometry: ExtGeometry, group: number, descriptors: number): Generator<Use> {
  const { blockSize, blocksPerGroup, firstBlock, reservedBlocks } = geometry;
  const block = firstBlock + group * blocksPerGroup;
  const first = group === 0 ? BOOT_AREA : block * blockSize;
  const name = group === 0 ? 'superblock' : 'copy of the superblock';
  yield { start: first, end: first + 1024, kind: 'metadata', name };
  if (geometry.firstMetaBlock !== Infinity) return;
  yield metadata(geometry, block + 1, descriptors, group === 0 ? 'group descriptors' : 'copy of the group descriptors');
  if (reservedBlocks > 0) yield metadata(geometry, block + 1 + descriptors, reservedBlocks, RESERVED);
}

function metadata({ blockSize }: ExtGeometry, block: number, count: number, name: string): Use {
  return { start: block * blockSize, end: (block + count) * blockSize, kind: 'metadata', name };
}
