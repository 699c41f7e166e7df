/** What differs between two disks, by partition and by file: what a person wants to know after a change. */
import { toDiagnostic } from '../model/diagnostic.ts';
import { differingRanges, type BlockSource, type ByteRange } from './compare.ts';
import { fileSystemSource } from './describe.ts';
import { identifyFileSystem, openFileSystem, type FileSystem, type FileSystemEntry } from './file-system.ts';
import { SECTOR } from './mbr.ts';
import { partitionSource, readPartitions, type Partition } from './partitions.ts';
import type { ByteSource } from './source.ts';

/** One file that is not the same. Sizes are bytes; the type is told where it changed. */
export interface FileDifference {
  readonly path: string;
  readonly change: 'added' | 'removed' | 'changed';
  readonly before?: Pick<FileSystemEntry, 'type' | 'size' | 'target'>;
  readonly after?: Pick<FileSystemEntry, 'type' | 'size' | 'target'>;
}

/** A partition, or a gap between partitions, that is not the same. */
export interface RegionDifference {
  /** Number of the partition; absent for what lies in none. */
  readonly partition?: number;
  /** What the region is, for people. */
  readonly name: string;
  readonly change: 'added' | 'removed' | 'moved' | 'changed';
  /** Sectors that differ, joined, the first of them; offsets count from the start of the disk. */
  readonly ranges: readonly ByteRange[];
  readonly rangeCount: number;
  /** Bytes in all ranges. */
  readonly bytes: number;
  /** Where both sides have a file system that can be read. */
  readonly files?: readonly FileDifference[];
  /** Why there are no files, although there should be. */
  readonly problem?: string;
}

export interface DiskDifference {
  readonly sizes: readonly [before: number, after: number];
  readonly regions: readonly RegionDifference[];
}

interface Region {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly partition?: Partition;
}

interface Tally {
  readonly ranges: ByteRange[];
  rangeCount: number;
  bytes: number;
}

/** More ranges than this are counted only. */
const SHOWN_RANGES = 20;
const PIECE = 1024 * 1024;

/** Compares two disks. Blocks with equal digests and files of unchanged partitions are not read. */
export function compareDisks(before: BlockSource, after: BlockSource): DiskDifference {
  const [old, now] = [partitionsOf(before), partitionsOf(after)];
  const regions = regionsOf(now, Math.max(before.size, after.size));
  const tallies = tally(regions, before, after);
  const removed = old.filter((one) => !now.some(({ number }) => number === one.number));
  const differences = [...regions.entries()].map(([index, region]) =>
    regionDifference(region, tallies[index]!, old, before, after),
  );
  return {
    sizes: [before.size, after.size],
    regions: [
      ...differences.filter((one) => one !== undefined),
      ...removed.map(({ number, type }) => ({
        partition: number,
        name: `p${number} ${type}`,
        change: 'removed' as const,
        ranges: [],
        rangeCount: 0,
        bytes: 0,
      })),
    ],
  };
}

function partitionsOf(disk: BlockSource): readonly Partition[] {
  return readPartitions(disk)?.partitions.toSorted((a, b) => a.start - b.start) ?? [];
}

/** The partitions and what lies between them, in the order on disk. An extended partition's inside is one region. */
function regionsOf(partitions: readonly Partition[], size: number): Region[] {
  if (partitions.length === 0) return [{ name: 'the disk', start: 0, end: size }];
  const regions: Region[] = [];
  let end = 0;
  for (const partition of partitions) {
    const start = partition.start * SECTOR;
    if (start > end)
      regions.push({ name: end === 0 ? 'before the partitions' : 'between partitions', start: end, end: start });
    end = Math.max(end, start + partition.sectors * SECTOR);
    regions.push({ name: `p${partition.number} ${partition.type}`, start, end, partition });
  }
  if (end < size) regions.push({ name: 'behind the partitions', start: end, end: size });
  return regions;
}

/** Counts what differs in each region; both lists ascend, so one pass is enough. */
function tally(regions: readonly Region[], before: BlockSource, after: BlockSource): Tally[] {
  const tallies = regions.map((): Tally => ({ ranges: [], rangeCount: 0, bytes: 0 }));
  for (const { offset, length } of differingSectors(before, after)) {
    for (const [index, region] of regions.entries()) {
      const start = Math.max(offset, region.start);
      const end = Math.min(offset + length, region.end);
      if (start < end) count(tallies[index]!, start, end);
    }
  }
  return tallies;
}

function count(tally: Tally, start: number, end: number): void {
  const last = tally.ranges.at(-1);
  tally.bytes += end - start;
  if (last && last.offset + last.length === start && tally.rangeCount === tally.ranges.length)
    return void tally.ranges.splice(-1, 1, { offset: last.offset, length: end - last.offset });
  tally.rangeCount++;
  if (tally.ranges.length < SHOWN_RANGES) tally.ranges.push({ offset: start, length: end - start });
}

/** Narrows the blocks that differ down to sectors. */
function* differingSectors(before: BlockSource, after: BlockSource): Generator<ByteRange> {
  for (const range of differingRanges(before, after)) {
    for (let at = range.offset; at < range.offset + range.length; at += PIECE) {
      const length = Math.min(PIECE, range.offset + range.length - at);
      yield* sectorsOf(padded(before, at, length), padded(after, at, length), at);
    }
  }
}

function* sectorsOf(a: Buffer, b: Buffer, offset: number): Generator<ByteRange> {
  let start = -1;
  for (let at = 0; at < a.length; at += SECTOR) {
    const same = a.compare(b, at, Math.min(at + SECTOR, b.length), at, Math.min(at + SECTOR, a.length)) === 0;
    if (!same && start < 0) start = at;
    if (same && start >= 0) {
      yield { offset: offset + start, length: at - start };
      start = -1;
    }
  }
  if (start >= 0) yield { offset: offset + start, length: a.length - start };
}

function padded(disk: ByteSource, offset: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  const there = Math.min(length, disk.size - offset);
  if (there > 0) disk.read(offset, there).copy(bytes);
  return bytes;
}

function regionDifference(
  { name, partition }: Region,
  { ranges, rangeCount, bytes }: Tally,
  old: readonly Partition[],
  before: BlockSource,
  after: BlockSource,
): RegionDifference | undefined {
  const same = partition && old.find(({ number }) => number === partition.number);
  const common = { name, ranges, rangeCount, bytes };
  if (!partition) return rangeCount > 0 ? { ...common, change: 'changed' } : undefined;
  const labelled = { ...common, partition: partition.number };
  if (!same) return { ...labelled, change: 'added', ...filesOf(undefined, after, partition, partition) };
  const moved = same.start !== partition.start || same.sectors !== partition.sectors;
  if (!moved && rangeCount === 0) return undefined;
  return { ...labelled, change: moved ? 'moved' : 'changed', ...filesOf(before, after, same, partition) };
}

/** The files that differ; `before` is undefined for a partition that is new. */
function filesOf(
  before: BlockSource | undefined,
  after: BlockSource,
  old: Partition,
  now: Partition,
): Pick<RegionDifference, 'files' | 'problem'> {
  try {
    const [a, b] = [before && readable(before, old), readable(after, now)];
    if (!b || (before && !a)) return {};
    return { files: [...differingFiles(a, b)] };
  } catch (error) {
    return { problem: toDiagnostic(error).message };
  }
}

function readable(disk: BlockSource, partition: Partition): FileSystem | undefined {
  const source = fileSystemSource(partitionSource(disk, partition));
  const type = identifyFileSystem(source)?.type ?? '';
  return /^(ext|fat)/.test(type) ? openFileSystem(source, `partition ${partition.number}`) : undefined;
}

function* differingFiles(before: FileSystem | undefined, after: FileSystem): Generator<FileDifference> {
  const left = new Map([...(before?.walk() ?? [])].map((entry) => [entry.path, entry]));
  const right = new Map([...after.walk()].map((entry) => [entry.path, entry]));
  for (const path of [...new Set([...left.keys(), ...right.keys()])].sort()) {
    const [a, b] = [left.get(path), right.get(path)];
    if (!a) yield { path, change: 'added', after: summary(b!) };
    else if (!b) yield { path, change: 'removed', before: summary(a) };
    else if (!before || !sameEntry(a, b) || (a.type === 'file' && !sameContent(before.file(path), after.file(path))))
      yield { path, change: 'changed', before: summary(a), after: summary(b) };
  }
}

function summary({ type, size, target }: FileSystemEntry): NonNullable<FileDifference['after']> {
  return { type, size, ...(target === undefined ? {} : { target }) };
}

function sameEntry(a: FileSystemEntry, b: FileSystemEntry): boolean {
  return a.type === b.type && a.size === b.size && a.target === b.target;
}

function sameContent(a: ByteSource, b: ByteSource): boolean {
  for (let at = 0; at < a.size; at += PIECE) {
    const length = Math.min(PIECE, a.size - at);
    if (!a.read(at, length).equals(b.read(at, length))) return false;
  }
  return true;
}
