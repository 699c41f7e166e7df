/** Lays files into a file system of a disk: in an image of it, of which the blocks that differ go into the disk. */
import {
  createRaw,
  dataRanges,
  editDisk,
  fileSource,
  fileSystemSource,
  identifyFileSystem,
  openDisk,
  openFileSystem,
  partitionSource,
  presentRanges,
  readPartitions,
  SECTOR,
  type ByteSource,
  type DiskEditor,
  type DiskReader,
} from 'dsmb/disk';
import { fail, step } from 'dsmb/step';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { changeExt, copyMetadata, extBlockSize } from './ext.ts';
import { changeFat } from './fat.ts';
import { changesOf, type Change } from './plan.ts';
import { wantedOf, type LateArgs } from './wanted.ts';

/** So much is copied at a time. */
const PIECE = 1024 * 1024;

interface Spec {
  readonly args: LateArgs & { readonly partition: number };
  /** `files` may be there, too. */
  readonly inputs: 'disk';
  readonly outputs: 'disk';
}

export default step<Spec>(async ({ args, inputs, allInputs, outputs, assembled, scratch, epoch, log }) => {
  const disk = openDisk(inputs.disk);
  const volume = volumeOf(disk, args.partition);
  const changes = changesOf(wantedOf(args, allInputs['files'], scratch), openFileSystem(volume.source, volume.name));
  const image = await imageOf(disk, volume, assembled('disk'), scratch);
  const change = volume.type.startsWith('ext') ? changeExt : changeFat;
  await change(image.after, changes, epoch, scratch);

  const edit = editDisk({ from: inputs.disk, to: outputs.disk });
  const blocks = writeDifferences(image, volume, edit);
  writeContents(image.after, changes, volume, edit);
  const { written } = edit.finish();
  log(`${changes.length} changes, ${blocks} blocks of the file system, ${written} blocks of the disk`);
});

/** An image to change, and what it was before. */
interface Image {
  readonly before: ByteSource;
  readonly after: string;
}

/**
 * Of ext, what the file system keeps about its files is enough, where the engine has the raw file and this machine can tell
 * holes from zeros. Else it is all of the file system.
 */
async function imageOf(disk: DiskReader, volume: Volume, raw: string | undefined, scratch: string): Promise<Image> {
  const after = join(scratch, 'image');
  const before = join(scratch, 'before');
  if (raw !== undefined && volume.type.startsWith('ext')) {
    for (const image of [before, after]) await copyMetadata(raw, volume.offset, image);
    if (dataRanges(after) !== undefined) return { before: fileSource(before), after };
    rmSync(after);
  }
  copyVolume(disk, volume, after);
  return { before: volume.source, after };
}

interface Volume {
  readonly name: string;
  readonly type: string;
  readonly source: ByteSource;
  /** Bytes from the begin of the disk. */
  readonly offset: number;
  /** What the file system writes at once, in bytes. */
  readonly blockSize: number;
}

function volumeOf(disk: DiskReader, number: number): Volume {
  const partitions = readPartitions(disk)?.partitions ?? [];
  const partition = partitions.find((each) => each.number === number);
  if (!partition)
    return fail('LATE_FILES', `the disk has no partition ${number}`, {
      hint: partitions.length === 0 ? 'it has no table' : `it has ${partitions.map((each) => each.number).join(', ')}`,
    });
  const source = fileSystemSource(partitionSource(disk, partition));
  const name = `partition ${number}`;
  const { type, needsRecovery = false } = identifyFileSystem(source) ?? { type: 'nothing' };
  if (needsRecovery)
    fail(
      'LATE_FILES',
      `the file system of ${name} was not unmounted: its journal holds changes that are not written yet`,
      {
        hint: 'let the machine that writes it shut down in order',
      },
    );
  const blockSize = type.startsWith('ext') ? extBlockSize(source) : SECTOR;
  return { name, type, source, offset: source.origin ?? 0, blockSize };
}

/** What is there of a volume as a sparse file. */
function copyVolume(disk: DiskReader, { source, offset }: Volume, image: string): void {
  using file = createRaw(image, source.size);
  for (const range of presentRanges(disk)) {
    const from = Math.max(range.offset, offset);
    const end = Math.min(range.offset + range.length, offset + source.size);
    for (let at = from; at < end; at += PIECE)
      file.write(at - offset, source.read(at - offset, Math.min(PIECE, end - at)));
  }
}

/** Writes the blocks of the file system that differ, whole: the rest of a new one may not be zero on the disk. */
function writeDifferences({ before, after }: Image, { offset, blockSize }: Volume, edit: DiskEditor): number {
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

/** What was laid, where it lies now: a block of zeros does not differ from a hole, but may from what was there. */
function writeContents(image: string, changes: readonly Change[], { type, offset }: Volume, edit: DiskEditor): void {
  if (!type.startsWith('ext')) return;
  using file = fileSource(image);
  const files = openFileSystem(file, 'the image');
  for (const change of changes) {
    if (change.type !== 'lay' || change.late.type !== 'file') continue;
    using source = fileSource(change.late.source);
    for (const { offset: from, length, at } of files.file(change.late.path).places?.() ?? [])
      if (at !== undefined) edit.write(offset + at, source.read(from, Math.min(length, source.size - from)));
  }
}
