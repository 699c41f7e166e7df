/** Where the blocks of a file are: extent trees of ext4, and the indirect blocks of ext2 and ext3. */
import { fail } from '../../model/diagnostic.ts';
import type { ByteSource } from '../source.ts';
import { damagedExt, INODE_FLAG, type ExtGeometry, type Inode } from './volume.ts';

/** A run of a file's blocks; `physical` is undefined for a hole. */
export interface BlockRun {
  readonly physical: number | undefined;
  /** Blocks from the asked one on. */
  readonly count: number;
}

/** The run that a file's block belongs to. */
export type BlockMap = (logical: number) => BlockRun;

/** Told of each block that holds a part of a block map, when it is read. */
export type OnMapBlock = (block: number) => void;

/** The block map of an inode that has blocks. */
export function blockMap(
  source: ByteSource,
  geometry: ExtGeometry,
  inode: Inode,
  read: OnMapBlock = () => {},
): BlockMap {
  return (inode.flags & INODE_FLAG.extents) !== 0
    ? extentMap(source, geometry, inode, read)
    : indirectMap(source, geometry, inode, read);
}

interface Extent {
  readonly logical: number;
  readonly count: number;
  readonly physical: number | undefined;
}

const EXTENT_MAGIC = 0xf30a;
const MAX_DEPTH = 5;
const ENTRY = 12;
/** Longer ones are reserved but not written: they read as zeros. */
const MAX_WRITTEN = 32_768;

function extentMap(source: ByteSource, geometry: ExtGeometry, inode: Inode, read: OnMapBlock): BlockMap {
  const extents = [...leaves(source, geometry, inode, read)];
  return (logical) => {
    const index = upperBound(extents, logical);
    const extent = extents[index - 1];
    if (extent && logical < extent.logical + extent.count) {
      const skipped = logical - extent.logical;
      const physical = extent.physical === undefined ? undefined : extent.physical + skipped;
      return { physical, count: extent.count - skipped };
    }
    return { physical: undefined, count: (extents[index]?.logical ?? Infinity) - logical };
  };
}

/** The extents in ascending order. That they ascend is checked, which also bounds the walk through a hostile tree. */
function* leaves(
  source: ByteSource,
  geometry: ExtGeometry,
  { number, content }: Inode,
  read: OnMapBlock,
): Generator<Extent> {
  let end = 0;
  let room = geometry.blockCount;

  function* node(bytes: Buffer, expectedDepth: number | undefined): Generator<Extent> {
    const entries = bytes.readUInt16LE(2);
    const depth = bytes.readUInt16LE(6);
    const fits = bytes.readUInt16LE(0) === EXTENT_MAGIC && (entries + 1) * ENTRY <= bytes.length;
    if (fits && expectedDepth === undefined && depth > MAX_DEPTH)
      fail(
        'EXT4_UNSUPPORTED',
        `the extent tree of inode ${number} has ${depth} levels: Linux reads ${MAX_DEPTH} at most`,
        {
          hint: '`e2fsck -f` makes it flat again',
        },
      );
    const level = expectedDepth === undefined || (depth === expectedDepth && entries > 0);
    if (!fits || !level) damagedExt(`the extent tree of inode ${number} is broken`);
    for (let at = ENTRY; at <= entries * ENTRY; at += ENTRY) {
      if (depth > 0) yield* node(child(bytes, at), depth - 1);
      else yield leaf(bytes, at);
    }
  }

  const child = (bytes: Buffer, at: number): Buffer => {
    const block = bytes.readUInt32LE(at + 4) + bytes.readUInt16LE(at + 8) * 2 ** 32;
    read(block);
    return readBlocks(source, geometry, block, 1, `inode ${number}`);
  };

  const leaf = (bytes: Buffer, at: number): Extent => {
    const logical = bytes.readUInt32LE(at);
    const length = bytes.readUInt16LE(at + 4);
    const written = length <= MAX_WRITTEN;
    const count = written ? length : length - MAX_WRITTEN;
    const physical = bytes.readUInt32LE(at + 8) + bytes.readUInt16LE(at + 6) * 2 ** 32;
    if (logical < end || count === 0) damagedExt(`the extents of inode ${number} are out of order`);
    if (physical < 1 || physical + count > geometry.blockCount)
      damagedExt(`an extent of inode ${number} lies outside the file system`);
    // No block belongs to two extents.
    room -= count;
    if (room < 0) damagedExt(`the extents of inode ${number} have more blocks than the file system`);
    end = logical + count;
    return { logical, count, physical: written ? physical : undefined };
  };

  yield* node(content, undefined);
}

const DIRECT = 12;

/** Walks down for each run and keeps the last block of numbers of each level. */
function indirectMap(
  source: ByteSource,
  geometry: ExtGeometry,
  { number, content }: Inode,
  read: OnMapBlock,
): BlockMap {
  const perBlock = geometry.blockSize / 4;
  const kept = new Map<number, { block: number; bytes: Buffer }>();

  const numbers = (block: number, level: number): Buffer => {
    const known = kept.get(level);
    if (known?.block === block) return known.bytes;
    read(block);
    const bytes = readBlocks(source, geometry, block, 1, `inode ${number}`);
    kept.set(level, { block, bytes });
    return bytes;
  };

  const below = (block: number, level: number, index: number): BlockRun => {
    const span = perBlock ** level;
    if (block === 0) return { physical: undefined, count: span - index };
    if (level === 0) return { physical: block, count: 1 };
    const childSpan = span / perBlock;
    const slot = Math.floor(index / childSpan);
    return below(numbers(block, level).readUInt32LE(slot * 4), level - 1, index % childSpan);
  };

  return (logical) => {
    if (logical < DIRECT) return below(content.readUInt32LE(logical * 4), 0, 0);
    let index = logical - DIRECT;
    for (let level = 1; level <= 3; level++) {
      if (index < perBlock ** level) return below(content.readUInt32LE((DIRECT + level - 1) * 4), level, index);
      index -= perBlock ** level;
    }
    return damagedExt(`inode ${number} has no block ${logical}`);
  };
}

/** Whole blocks of the file system. */
export function readBlocks(
  source: ByteSource,
  geometry: ExtGeometry,
  block: number,
  count: number,
  what: string,
): Buffer {
  if (block < 1 || block + count > geometry.blockCount)
    damagedExt(`block ${block} of ${what} lies outside the file system`);
  return source.read(block * geometry.blockSize, count * geometry.blockSize);
}

/** Number of extents that start at or before a block. */
function upperBound(extents: readonly Extent[], logical: number): number {
  let low = 0;
  let high = extents.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (extents[middle]!.logical <= logical) low = middle + 1;
    else high = middle;
  }
  return low;
}
