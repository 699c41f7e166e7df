/** What a disk is used for: its table, and what lies in its partitions, through arrays that mirror. */
import { toDiagnostic } from '../model/diagnostic.ts';
import { extUses } from './ext4/uses.ts';
import { fatUses } from './fat/uses.ts';
import { identifyFileSystem } from './file-system.ts';
import type { OnDamage } from './folders.ts';
import { SECTOR } from './mbr.ts';
import { memberContent } from './md-member.ts';
import { readMdSuperblock } from './md.ts';
import { partitionSource, readPartitions, tablePlaces, type Partition } from './partitions.ts';
import { recentWindows } from './recent-windows.ts';
import type { ByteSource } from './source.ts';
import type { Use } from './use.ts';

/** Bytes of an md superblock, with the bitmap that can follow it. */
const MD_SUPERBLOCK = 4096;

/** Told of what cannot be read, for people. */
export type OnProblem = (problem: string) => void;

/**
 * The uses of a disk, in no order; offsets count from its start. What is damaged is told, and hides nothing else. Undefined
 * where the look went on and found nothing: whoever takes turns with others does so after each step.
 */
export function* diskUses(disk: ByteSource, problem: OnProblem): Generator<Use | undefined> {
  const source = recentWindows(disk);
  const table = attempt(problem, '', () => readPartitions(source));
  if (!table) return yield* contentUses(source, problem, '');
  yield { start: 0, end: SECTOR, kind: 'metadata', name: 'boot sector, with the partition table' };
  for (const place of tablePlaces(source, table)) yield { ...place, kind: 'metadata' };
  for (const partition of table.partitions) yield* partitionUses(source, partition, problem);
}

function* partitionUses(disk: ByteSource, partition: Partition, problem: OnProblem): Generator<Use | undefined> {
  const where = `p${partition.number}: `;
  const source = attempt(problem, where, () => partitionSource(disk, partition));
  if (!source) return;
  for (const use of contentUses(source, problem, where)) yield use && { ...use, partition: partition.number };
}

/** Of a partition, or of a disk without a table. */
function* contentUses(source: ByteSource, problem: OnProblem, where: string): Generator<Use | undefined> {
  const offset = source.origin ?? 0;
  const array = attempt(problem, where, () => readMdSuperblock(source));
  if (array) {
    const start = offset + array.at;
    yield {
      start,
      end: start + MD_SUPERBLOCK,
      kind: 'metadata',
      name: `md superblock of array ${array.name ?? array.uuid}`,
    };
  }
  const holder = (array && memberContent(source, array)) ?? source;
  const origin = holder.origin ?? 0;
  const damaged: OnDamage = (path, error) => problem(`${where}/${path}: ${toDiagnostic(error).message}`);
  try {
    for (const use of fileSystemUses(holder, damaged))
      if (!use) yield undefined;
      else if (use.start >= 0 && use.end <= holder.size)
        yield { ...use, start: use.start + origin, end: use.end + origin };
  } catch (error) {
    problem(where + toDiagnostic(error).message);
  }
}

function* fileSystemUses(source: ByteSource, damaged: OnDamage): Generator<Use | undefined> {
  const type = identifyFileSystem(source)?.type ?? '';
  if (type.startsWith('ext')) yield* extUses(source, damaged);
  else if (type.startsWith('fat')) yield* fatUses(source, damaged);
  else if (type === 'swap') yield { start: 0, end: source.size, kind: 'metadata', name: 'swap' };
}

function attempt<T>(problem: OnProblem, where: string, look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    problem(where + toDiagnostic(error).message);
    return undefined;
  }
}
