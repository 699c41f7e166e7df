/** A disk as stretches: its partitions, and what lies between them. */
import { SECTOR } from './mbr.ts';
import type { Partition } from './partitions.ts';

/** A stretch of a disk, in bytes. Stretches do not overlap: where partitions do, the smallest has it. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
  /** Absent for what lies in none. */
  readonly partition?: Partition;
}

/** The stretches of a disk that is `size` bytes long, ascending, without gaps. */
export function stretchesOf(partitions: readonly Partition[], size: number): Stretch[] {
  const within = (at: number): number => Math.min(at, size);
  const borders = partitions.flatMap((one) => [within(startOf(one)), within(endOf(one))]);
  const sorted = [...new Set([0, ...borders, size])].sort((a, b) => a - b);
  const smallestFirst = partitions.toSorted((a, b) => a.sectors - b.sectors);
  return sorted.slice(1).map((end, index) => {
    const start = sorted[index]!;
    const partition = smallestFirst.find((one) => startOf(one) <= start && end <= endOf(one));
    return { start, end, ...(partition ? { partition } : {}) };
  });
}

/** What a stretch is, for people. */
export function stretchName({ start, end, partition }: Stretch, all: readonly Stretch[]): string {
  if (partition) return `p${partition.number} ${partition.type}`;
  const others = all.filter((one) => one.partition);
  if (others.length === 0) return 'the disk';
  if (others.every((one) => one.start >= end)) return 'before the partitions';
  return others.every((one) => one.end <= start) ? 'behind the partitions' : 'between partitions';
}

function startOf({ start }: Partition): number {
  return start * SECTOR;
}

function endOf({ start, sectors }: Partition): number {
  return (start + sectors) * SECTOR;
}
