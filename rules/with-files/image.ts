/** A file system of a disk as an image that programs can change, of which the blocks that differ go back into the disk. */
import {
  activeMdMembers,
  createRaw,
  dataRanges,
  fileSource,
  fileSystemSource,
  identifyFileSystem,
  partitionSource,
  presentRanges,
  readMdSuperblock,
  readPartitions,
  SECTOR,
  type ByteRange,
  type ByteSource,
  type DiskEditor,
  type DiskReader,
} from 'dsmb/disk';
import { fail } from 'dsmb/step';
import { join } from 'node:path';
import { copyMetadata, extBlockSize } from './ext.ts';

/** So much is copied at a time. */
const PIECE = 1024 * 1024;

/** An image to change, and what it was before. */
export interface Image {
  readonly before: ByteSource;
  readonly after: string;
}

/**
 * Of ext, what the file system keeps about its files is enough, where the engine has the raw file and this machine can tell
 * holes from zeros. Else it is all of the file system.
 */
export async function imageOf(
  disk: DiskReader,
  volume: Volume,
  raw: string | undefined,
  scratch: string,
): Promise<Image> {
  const after = join(scratch, 'image');
  if (raw !== undefined && volume.type.startsWith('ext')) {
    const before = join(scratch, 'before');
    await copyMetadata(raw, volume.offset, before);
    const ranges = dataRanges(before);
    if (ranges !== undefined) {
      const source = fileSource(before);
      copyRanges(source, ranges, after);
      return { before: source, after };
    }
  }
  copyRanges(volume.source, rangesOf(disk, volume), after);
  return { before: volume.source, after };
}

/** A file system of a disk. */
export interface Volume {
  readonly name: string;
  readonly type: string;
  readonly source: ByteSource;
  /** Bytes from the begin of the disk. */
  readonly offset: number;
  /** What the file system writes at once, in bytes. */
  readonly blockSize: number;
}

/** Fails with DISK_CHANGE where there is no such partition. */
export function partitionOf(disk: DiskReader, number: number): ByteSource {
  const partitions = readPartitions(disk)?.partitions ?? [];
  const partition = partitions.find((each) => each.number === number);
  if (!partition)
    return fail('DISK_CHANGE', `the disk has no partition ${number}`, {
      hint: partitions.length === 0 ? 'it has no table' : `it has ${partitions.map((each) => each.number).join(', ')}`,
    });
  return partitionSource(disk, partition);
}

/** The file system of a partition, or of the mirror that it is a member of. Fails with DISK_CHANGE where it cannot be changed. */
export function volumeOf(disk: DiskReader, number: number): Volume {
  const name = `partition ${number}`;
  const partition = partitionOf(disk, number);
  requireOnlyMember(partition, name);
  const source = fileSystemSource(partition);
  const { type, needsRecovery = false } = identifyFileSystem(source) ?? { type: 'nothing' };
  if (needsRecovery)
    fail(
      'DISK_CHANGE',
      `the file system of ${name} was not unmounted: its journal holds changes that are not written yet`,
      {
        hint: 'let the machine that writes it shut down in order',
      },
    );
  const blockSize = type.startsWith('ext') ? extBlockSize(source) : SECTOR;
  return { name, type, source, offset: source.origin ?? 0, blockSize };
}

/** Of a mirror whose members differ, nobody knows which one is right. */
function requireOnlyMember(partition: ByteSource, name: string): void {
  const array = readMdSuperblock(partition);
  const active = array ? activeMdMembers(partition, array) : 1;
  if (active <= 1) return;
  fail('DISK_CHANGE', `${name} is one of ${active} members of an array, which would differ from one another`, {
    hint: 'change a disk that was installed alone, or change the files in the running system',
  });
}

/** What is there of a volume. */
function* rangesOf(disk: DiskReader, { source, offset }: Volume): Generator<ByteRange> {
  for (const range of presentRanges(disk)) {
    const from = Math.max(range.offset, offset);
    const end = Math.min(range.offset + range.length, offset + source.size);
    if (from < end) yield { offset: from - offset, length: end - from };
  }
}

/** A sparse file of some ranges of a source. */
function copyRanges(source: ByteSource, ranges: Iterable<ByteRange>, to: string): void {
  using file = createRaw(to, source.size);
  for (const { offset, length } of ranges)
    for (let at = offset; at < offset + length; at += PIECE)
      file.write(at, source.read(at, Math.min(PIECE, offset + length - at)));
}

/** Writes the blocks of the file system that differ, whole: the rest of a new one may not be zero on the disk. */
export function writeDifferences({ before, after }: Image, { offset, blockSize }: Volume, edit: DiskEditor): number {
  using file = fileSource(after);
  let blocks = 0;
  let next = 0;
  for (const range of dataRanges(after) ?? [{ offset: 0, length: file.size }]) {
    const end = Math.min(range.offset + range.length, file.size);
    for (next = Math.max(next, range.offset - (range.offset % blockSize)); next < end; next += blockSize) {
      const length = Math.min(blockSize, file.size - next);
      const bytes = file.read(next, length);
      if (bytes.equals(next < before.size ? before.read(next, length) : Buffer.alloc(length))) continue;
      edit.write(offset + next, bytes);
      blocks++;
    }
  }
  return blocks;
}
