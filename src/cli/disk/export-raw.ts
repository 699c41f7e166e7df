/** Writes a disk into one image file, whole or not at all; or onto a block device. */
import { closeSync, constants, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { writeAll } from '../../../cache/files.ts';
import { fileSource, assembleRaw, BLOCK_SIZE, HOLE_SIZE, paced } from '../../disk/index.ts';
import { cloneAssembled, reflinked } from '../../execute/action/assembled-disks.ts';
import { fail } from '../../model/diagnostic.ts';
import type { OpenedDisk } from './operand.ts';
import { requireRoom } from './room.ts';
import { temporaryBeside } from './temporary.ts';

/** What is exported and where to. */
export interface ExportTask {
  readonly opened: OpenedDisk;
  /** Absolute. */
  readonly to: string;
  readonly progress: (percent: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Writes a sparse file beside the target and renames it. Where there is a raw file of the disk already, and the file
 * system can, the two share their blocks.
 */
export async function exportRaw({ opened, to, progress, signal }: ExportTask): Promise<void> {
  const temporary = temporaryBeside(to);
  try {
    if (!(await cloned(opened, temporary))) {
      await requireRoom(opened.disk, to, HOLE_SIZE, { progress, signal });
      await assembleRaw(opened.disk, temporary, { progress, signal });
    }
    if (signal.aborted) return;
    sync(temporary);
    renameSync(temporary, to);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Writes every byte, zeros too: nobody knows what the device holds. */
export async function exportDevice({ opened: { disk }, to, progress, signal }: ExportTask): Promise<void> {
  const size = sizeOf(to);
  if (size !== disk.size)
    fail(
      'DEVICE_SIZE',
      `${to} has ${size} bytes, the disk has ${disk.size}: the device must have the size of the disk`,
    );
  // With O_EXCL the kernel refuses a device that is mounted or otherwise in use.
  const device = openSync(to, constants.O_WRONLY | constants.O_EXCL);
  try {
    for await (const index of paced(allBlocks(disk.size), disk.size, { progress, signal })) {
      const offset = index * BLOCK_SIZE;
      writeAll(device, disk.read(offset, Math.min(BLOCK_SIZE, disk.size - offset)), offset);
    }
    fsyncSync(device);
  } finally {
    closeSync(device);
  }
}

function sizeOf(device: string): number {
  using source = fileSource(device);
  return source.size;
}

async function cloned({ image, tree, store }: OpenedDisk, to: string): Promise<boolean> {
  if (image !== undefined) return reflinked(image, to);
  return tree !== undefined && store !== undefined && cloneAssembled(store, tree, to);
}

function* allBlocks(size: number): Generator<number> {
  for (let index = 0; index * BLOCK_SIZE < size; index++) yield index;
}

function sync(path: string): void {
  const file = openSync(path, 'r+');
  fsyncSync(file);
  closeSync(file);
}
