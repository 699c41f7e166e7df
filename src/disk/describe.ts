/** What is on a disk: table, boot loader, file systems, arrays. Damage in one place does not hide the others. */
import { toDiagnostic } from '../model/diagnostic.ts';
import { presentRanges, type BlockSource } from './compare.ts';
import { canBeRead, hasIso9660, identifyFileSystem, openFileSystem, type FileSystemIdentity } from './file-system.ts';
import { SECTOR } from './mbr.ts';
import { memberContent } from './md-member.ts';
import { readMdSuperblock, type MdSuperblock } from './md.ts';
import { partitionSource, readPartitions, type Partition, type PartitionTable } from './partitions.ts';
import type { ByteSource } from './source.ts';

/** A partition, or a disk without a table, with what is in it. */
export interface Content {
  readonly fileSystem?: FileSystemIdentity;
  readonly array?: MdSuperblock;
  /** What is wrong in it. */
  readonly problem?: string;
}

export interface DiskDescription {
  /** Bytes. */
  readonly size: number;
  /** Bytes of the blocks that are present. */
  readonly data: number;
  readonly grub: boolean;
  readonly table?: Omit<PartitionTable, 'partitions'>;
  readonly partitions: readonly (Partition & Content)[];
  /** Where there is no table, a file system or array may lie on the whole disk; with a table, the image of a disc. */
  readonly whole?: Content;
  readonly problem?: string;
}

/** Looks at a disk. */
export function describeDisk(disk: BlockSource, data = dataBytes(disk)): DiskDescription {
  const { table, problem } = attempt<{ table?: PartitionTable }>(() => {
    const table = readPartitions(disk);
    return table ? { table } : {};
  });
  const partitions = (table?.partitions ?? []).map((partition) => ({
    ...partition,
    ...attempt(() => contentOf(partitionSource(disk, partition))),
  }));
  return {
    size: disk.size,
    data,
    grub: hasGrub(disk),
    ...(table ? { table: { scheme: table.scheme, diskId: table.diskId, problems: table.problems } } : {}),
    partitions,
    ...(problem || (table && !hasIso9660(disk)) ? {} : { whole: attempt(() => contentOf(disk)) }),
    ...(problem ? { problem } : {}),
  };
}

/** What holds the files of a partition: the partition, or the array that it is a mirror of. */
export function fileSystemSource(partition: ByteSource): ByteSource {
  const array = readMdSuperblock(partition);
  return (array && memberContent(partition, array)) ?? partition;
}

function contentOf(source: ByteSource): Content {
  const array = readMdSuperblock(source);
  const holder = (array && memberContent(source, array)) ?? source;
  const fileSystem = identifyFileSystem(holder);
  return {
    ...(array ? { array } : {}),
    ...(fileSystem ? { fileSystem } : {}),
    ...(canBeRead(fileSystem) ? problemOf(() => openFileSystem(holder, 'it')) : {}),
  };
}

function problemOf(look: () => unknown): { problem?: string } {
  return attempt(() => {
    look();
    return {};
  });
}

function attempt<T extends object>(look: () => T): T & { problem?: string } {
  try {
    return look();
  } catch (error) {
    const { code, message } = toDiagnostic(error);
    if (code === 'INTERNAL') throw error; // of ours, and not of the disk
    return { problem: message } as T & { problem: string };
  }
}

/** GRUB's boot.img says so in its error message. */
function hasGrub(disk: ByteSource): boolean {
  return disk.size >= SECTOR && disk.read(0, 440).includes('GRUB ');
}

function dataBytes(disk: BlockSource): number {
  let bytes = 0;
  for (const { length } of presentRanges(disk)) bytes += length;
  return bytes;
}
