/** Places on a disk as users write them: `p4:/boot/grub`, or `/boot` on a disk without partitions. */
import {
  fileSystemSource,
  openFileSystem,
  partitionSource,
  readPartitions,
  type BlockSource,
  type FileSystem,
  type Partition,
} from '../../disk/index.ts';
import { fail } from '../../model/diagnostic.ts';
import { plural } from '../../report/format.ts';

/** A path in a file system of a disk. */
export interface DiskPath {
  readonly fileSystem: FileSystem;
  readonly path: string;
}

/** Opens the file system that a place is in. */
export function openDiskPath(disk: BlockSource, place: string): DiskPath {
  const [, number, below] = /^(?:p(\d+)(?::|$))?(.*)$/is.exec(place) ?? [];
  const path = below || '/';
  const partitions = readPartitions(disk)?.partitions ?? [];
  if (number === undefined) {
    if (partitions.length > 0) fail('USAGE', `'${place}' names no partition`, { hint: hintFor(partitions, path) });
    return { fileSystem: openFileSystem(fileSystemSource(disk), 'the disk'), path };
  }
  const partition = partitions.find((one) => one.number === Number(number));
  if (!partition)
    return fail(
      'NO_SUCH_PARTITION',
      `there is no partition ${number}: the disk has ${plural(partitions.length, 'partition')}`,
      {
        ...(partitions.length > 0 ? { hint: hintFor(partitions, path) } : {}),
      },
    );
  const source = fileSystemSource(partitionSource(disk, partition));
  return { fileSystem: openFileSystem(source, `partition ${number}`), path };
}

function hintFor(partitions: readonly Partition[], path: string): string {
  const numbers = partitions.map(({ number }) => `p${number}`);
  return `write p${partitions.at(-1)?.number ?? 1}:${path || '/'}; there are ${numbers.join(', ')}`;
}
