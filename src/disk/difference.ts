/** What differs between two disks, by partition and by file: what a person wants to know after a change. */
import { toDiagnostic } from '../model/diagnostic.ts';
import { differingRanges, differingSectors, type BlockSource, type ByteRange } from './compare.ts';
import { fileSystemSource } from './describe.ts';
import { differingFiles, type FileDifference, type MayDiffer, type Placed } from './file-difference.ts';
import { identifyFileSystem, openFileSystem } from './file-system.ts';
import { BLOCK_SIZE } from './format.ts';
import { partitionSource, readPartitions, type Partition } from './partitions.ts';
import { stretchesOf, stretchName, type Stretch } from './regions.ts';
import { sliceSource, type ByteSource } from './source.ts';

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
  /** Of partition tables that cannot be read. */
  readonly problems: readonly string[];
}

/** A partition with all its stretches, or one stretch that is in none. */
interface Region {
  readonly name: string;
  readonly partition: Partition | undefined;
  readonly tally: Tally;
}

interface Tally {
  readonly ranges: ByteRange[];
  rangeCount: number;
  bytes: number;
  /** Of the last range, whether or not it is among those that are shown. */
  end: number;
}

/** The disks, and what is known of them. */
interface Sides {
  readonly before: BlockSource;
  readonly after: BlockSource;
  readonly old: readonly Partition[];
  readonly now: readonly Partition[];
  readonly mayDiffer: MayDiffer;
}

/** More ranges than this are counted only. */
const SHOWN_RANGES = 20;
const PIECE = 1024 * 1024;

/** Compares two disks. Blocks with equal digests are not read, and of files only the blocks that differ. */
export function compareDisks(before: BlockSource, after: BlockSource): DiskDifference {
  const problems: string[] = [];
  const second = tableOf(after, 'second', problems);
  const first = tableOf(before, 'first', problems);
  // Nothing is gone or new for want of a table that can be read.
  const [old, now] = [first ?? second ?? [], second ?? first ?? []];
  const differing = new Set<number>();
  const regions = tally(stretchesOf(now, Math.max(before.size, after.size)), before, after, differing);
  const sides: Sides = { before, after, old, now, mayDiffer: (block) => differing.has(block) };
  const changed = regions.map((region) => regionDifference(region, sides)).filter((one) => one !== undefined);
  const removed = old.filter((one) => !now.some(({ number }) => number === one.number)).map(removedRegion);
  return { sizes: [before.size, after.size], regions: [...changed, ...removed], problems };
}

function tableOf(disk: BlockSource, which: string, problems: string[]): readonly Partition[] | undefined {
  try {
    return readPartitions(disk)?.partitions ?? [];
  } catch (error) {
    problems.push(`the partition table of the ${which} disk cannot be read: ${toDiagnostic(error).message}`);
    return undefined;
  }
}

function removedRegion({ number, type }: Partition): RegionDifference {
  return { partition: number, name: `p${number} ${type}`, change: 'removed', ranges: [], rangeCount: 0, bytes: 0 };
}

/** Counts what differs in each region, and notes the blocks; both lists ascend, so one pass is enough. */
function tally(
  stretches: readonly Stretch[],
  before: BlockSource,
  after: BlockSource,
  differing: Set<number>,
): readonly Region[] {
  const regions = new Map<Partition | Stretch, Region>();
  for (const stretch of stretches) {
    const { partition } = stretch;
    if (regions.has(partition ?? stretch)) continue;
    const tally = { ranges: [], rangeCount: 0, bytes: 0, end: -1 };
    regions.set(partition ?? stretch, { name: stretchName(stretch, stretches), partition, tally });
  }
  let first = 0;
  for (const { offset, length } of narrowed(before, after, differing)) {
    const end = offset + length;
    while (stretches[first] && stretches[first]!.end <= offset) first++;
    for (let at = first; stretches[at] && stretches[at]!.start < end; at++) {
      const stretch = stretches[at]!;
      count(
        regions.get(stretch.partition ?? stretch)!.tally,
        Math.max(offset, stretch.start),
        Math.min(end, stretch.end),
      );
    }
  }
  return [...regions.values()];
}

function count(tally: Tally, start: number, end: number): void {
  const goesOn = tally.end === start;
  tally.bytes += end - start;
  tally.end = end;
  if (!goesOn) tally.rangeCount++;
  const last = tally.ranges.at(-1);
  if (goesOn && last && last.offset + last.length === start)
    tally.ranges.splice(-1, 1, { offset: last.offset, length: end - last.offset });
  else if (!goesOn && tally.ranges.length < SHOWN_RANGES) tally.ranges.push({ offset: start, length: end - start });
}

/** Narrows the blocks that differ down to sectors. */
function* narrowed(before: BlockSource, after: BlockSource, differing: Set<number>): Generator<ByteRange> {
  for (const range of differingRanges(before, after)) {
    for (let at = range.offset; at < range.offset + range.length; at += PIECE) {
      differing.add(Math.floor(at / BLOCK_SIZE));
      const length = Math.min(PIECE, range.offset + range.length - at);
      yield* differingSectors(before, after, { offset: at, length });
    }
  }
}

function regionDifference({ name, partition, tally }: Region, sides: Sides): RegionDifference | undefined {
  const { ranges, rangeCount, bytes } = tally;
  const common = { name, ranges, rangeCount, bytes };
  if (!partition) return rangeCount > 0 ? { ...common, change: 'changed', ...filesOfWhole(sides) } : undefined;
  const same = sides.old.find(({ number }) => number === partition.number);
  const labelled = { ...common, partition: partition.number };
  if (!same)
    return { ...labelled, change: 'added', ...filesOf(undefined, () => placeOf(sides.after, partition), sides) };
  const moved = same.start !== partition.start || same.sectors !== partition.sectors;
  if (!moved && rangeCount === 0) return undefined;
  const [before, after] = [() => placeOf(sides.before, same), () => placeOf(sides.after, partition)];
  return { ...labelled, change: moved ? 'moved' : 'changed', ...filesOf(before, after, sides) };
}

type Files = Pick<RegionDifference, 'files' | 'problem'>;

/** Where neither disk has a table, a file system may lie on the whole of each. */
function filesOfWhole(sides: Sides): Files {
  if (sides.old.length > 0 || sides.now.length > 0) return {};
  const whole = (disk: BlockSource) => () => sliceSource(disk, 0, disk.size);
  return filesOf(whole(sides.before), whole(sides.after), sides);
}

function placeOf(disk: BlockSource, partition: Partition): ByteSource {
  return partitionSource(disk, partition);
}

/** The files that differ; `before` is undefined for a partition that is new. */
function filesOf(before: (() => ByteSource) | undefined, after: () => ByteSource, { mayDiffer }: Sides): Files {
  try {
    const [a, b] = [before && readable(before()), readable(after())];
    if (!b || (before && !a)) return {};
    return { files: [...differingFiles(a, b, mayDiffer)] };
  } catch (error) {
    return { problem: toDiagnostic(error).message };
  }
}

function readable(place: ByteSource): Placed | undefined {
  const source = fileSystemSource(place);
  const type = identifyFileSystem(source)?.type ?? '';
  return /^(ext|fat)/.test(type) ? { files: openFileSystem(source, 'it'), origin: source.origin } : undefined;
}
