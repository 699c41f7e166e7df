/** What of a disk is there, and where two disks differ. What has equal digests is not read. */
import { BLOCK_SIZE, groupOf } from './format.ts';
import { SECTOR } from './mbr.ts';
import type { ByteSource } from './source.ts';

/** A range of bytes. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/** Names for content, without reading it: equal names mean equal bytes. A tree of the store has them. */
export interface DiskDigests {
  /** Of a group of 256 blocks; undefined where the group has none. */
  group(group: number): string | undefined;
  /** Of a block; undefined where it is absent. */
  block(index: number): string | undefined;
}

/** A disk that can be compared: its artifact (`openDisk`), or a raw image (`rawBlocks`). */
export interface BlockSource extends ByteSource {
  /** Indices of the blocks that may hold something, ascending. */
  blocks(): Iterable<number>;
  /** Numbers of the groups that may, ascending; and their blocks. */
  groups(): readonly number[];
  blocksOf(group: number): readonly number[];
  /** Reads a block into memory that is used again; zeros where it is absent or behind the end. */
  readBlock?(index: number, target: Buffer): void;
  readonly digests?: DiskDigests;
}

/** A raw image, or any other source, as blocks: those in which `ranges` lie, outside which it must be all zero. */
export function rawBlocks(source: ByteSource, ranges?: Iterable<ByteRange>): BlockSource {
  const blocks = Map.groupBy(blocksIn(ranges ?? [{ offset: 0, length: source.size }], source.size), groupOf);
  const groups = [...blocks.keys()];
  return {
    size: source.size,
    read: (offset, length) => source.read(offset, length),
    groups: () => groups,
    blocksOf: (group) => blocks.get(group) ?? [],
    *blocks() {
      for (const inGroup of blocks.values()) yield* inGroup;
    },
  };
}

/** Indices of the blocks that ascending ranges touch, each once. */
function* blocksIn(ranges: Iterable<ByteRange>, size: number): Generator<number> {
  let next = 0;
  for (const { offset, length } of ranges) {
    const end = Math.ceil(Math.min(offset + length, size) / BLOCK_SIZE);
    for (next = Math.max(next, Math.floor(offset / BLOCK_SIZE)); next < end; next++) yield next;
  }
}

/** The present blocks as ranges, neighbours joined. */
export function* presentRanges(disk: BlockSource): Generator<ByteRange> {
  yield* joined(disk.blocks(), disk.size);
}

/**
 * The blocks in which two disks differ, as ranges with neighbours joined. Bytes behind the end of the smaller disk
 * count as zeros. Two blocks are in memory at most.
 */
export function* differingRanges(a: BlockSource, b: BlockSource): Generator<ByteRange> {
  yield* joined(differingBlocks(a, b), Math.max(a.size, b.size));
}

/** Indices of the blocks that differ, ascending. */
export function* differingBlocks(a: BlockSource, b: BlockSource): Generator<number> {
  const sameSize = a.size === b.size;
  for (const group of union(a.groups(), b.groups())) {
    // Groups of the same digest hold the same blocks, also where the disks end elsewhere.
    if (known(a.digests?.group(group), b.digests?.group(group))) continue;
    for (const index of union(a.blocksOf(group), b.blocksOf(group))) {
      if (sameSize && a.digests && b.digests) {
        if (a.digests.block(index) !== b.digests.block(index)) yield index;
      } else if (!known(a.digests?.block(index), b.digests?.block(index)) && !sameBytes(a, b, index)) yield index;
    }
  }
}

/** The sectors of a range in which two disks differ, joined; what lies behind the end of one counts as zeros. */
export function* differingSectors(
  before: ByteSource,
  after: ByteSource,
  { offset, length }: ByteRange,
): Generator<ByteRange> {
  const [a, b] = [zeroPadded(before, offset, length), zeroPadded(after, offset, length)];
  let start = -1;
  for (let at = 0; at < length; at += SECTOR) {
    const same = a.compare(b, at, Math.min(at + SECTOR, length), at, Math.min(at + SECTOR, length)) === 0;
    if (!same && start < 0) start = at;
    if (same && start >= 0) {
      yield { offset: offset + start, length: at - start };
      start = -1;
    }
  }
  if (start >= 0) yield { offset: offset + start, length: length - start };
}

function known(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && a === b;
}

function sameBytes(a: BlockSource, b: BlockSource, index: number): boolean {
  const [left, right] = scratch();
  return padded(a, index, left).equals(padded(b, index, right));
}

/** Two blocks that every comparison uses, made when they are needed first. */
let buffers: readonly [Buffer, Buffer] | undefined;
function scratch(): readonly [Buffer, Buffer] {
  return (buffers ??= [Buffer.alloc(BLOCK_SIZE), Buffer.alloc(BLOCK_SIZE)]);
}

function padded(disk: BlockSource, index: number, target: Buffer): Buffer {
  if (!disk.readBlock) return zeroPadded(disk, index * BLOCK_SIZE, BLOCK_SIZE);
  disk.readBlock(index, target);
  return target;
}

function zeroPadded(disk: ByteSource, offset: number, length: number): Buffer {
  const there = Math.max(0, Math.min(length, disk.size - offset));
  if (there === length) return disk.read(offset, length);
  const bytes = Buffer.alloc(length);
  if (there > 0) disk.read(offset, there).copy(bytes);
  return bytes;
}

/** Both ascending lists as one, each number once. */
function* union(a: readonly number[], b: readonly number[]): Generator<number> {
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    const next = Math.min(a[i] ?? Infinity, b[j] ?? Infinity);
    if (a[i] === next) i++;
    if (b[j] === next) j++;
    yield next;
  }
}

function* joined(blocks: Iterable<number>, size: number): Generator<ByteRange> {
  let first = -1;
  let end = -1;
  const range = (): ByteRange => ({
    offset: first * BLOCK_SIZE,
    length: Math.min(end * BLOCK_SIZE, size) - first * BLOCK_SIZE,
  });
  for (const index of blocks) {
    if (index !== end) {
      if (end >= 0) yield range();
      first = index;
    }
    end = index + 1;
  }
  if (end >= 0) yield range();
}
