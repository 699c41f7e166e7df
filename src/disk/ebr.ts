/** Logical partitions: a chain of tables inside of an extended partition, as DOS, Linux and sfdisk keep them. */
import { toDiagnostic } from '../model/diagnostic.ts';
import { parseMbr, SECTOR, type MbrPartition } from './mbr.ts';
import type { ByteSource } from './source.ts';

/** One logical partition; `start` counts 512-byte sectors from the disk's begin. */
export type LogicalPartition = Omit<MbrPartition, 'number'>;

/** What a chain holds as far as it could be followed. */
export interface LogicalPartitions {
  /** In the order of the chain, by which systems number them from 5. */
  readonly partitions: readonly LogicalPartition[];
  /** Sectors of the tables. */
  readonly tables: readonly number[];
  /** Why it could not be followed to its end. */
  readonly problem?: string;
}

const EXTENDED = new Set([0x05, 0x0f, 0x85]);
/** More than any system takes. */
const MOST = 128;

export function isExtended({ type }: Pick<MbrPartition, 'type'>): boolean {
  return EXTENDED.has(type);
}

/** Follows the chain: each table has one partition, counted from that table, and the next table, counted from the first. */
export function readLogical(disk: ByteSource, { start: first, sectors }: MbrPartition): LogicalPartitions {
  const partitions: LogicalPartition[] = [];
  const tables: number[] = [];
  const seen = new Set<number>();
  for (let at: number | undefined = first; at !== undefined;) {
    const problem = seen.has(at) ? 'goes in a circle' : seen.size === MOST ? `is longer than ${MOST}` : undefined;
    if (problem !== undefined) return { partitions, tables, problem: `the chain of logical partitions ${problem}` };
    seen.add(at);
    const table = tableAt(disk, at);
    if (typeof table === 'string')
      return { partitions, tables, problem: `the chain of logical partitions breaks: ${table}` };
    tables.push(at);
    const logical = table.find((entry) => !isExtended(entry));
    const next = table.find(isExtended);
    if (logical) partitions.push({ ...logical, start: at + logical.start });
    if (next && next.start >= sectors)
      return { partitions, tables, problem: 'the chain of logical partitions leads out of the extended one' };
    at = next && first + next.start;
  }
  return { partitions, tables };
}

function tableAt(disk: ByteSource, sector: number): readonly MbrPartition[] | string {
  try {
    return parseMbr(disk.read(sector * SECTOR, SECTOR)).partitions;
  } catch (error) {
    return `sector ${sector}: ${toDiagnostic(error).message.replace('sector 0 has', 'there is')}`;
  }
}
