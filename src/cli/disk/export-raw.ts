/** Writes a disk into one image file, whole or not at all; or onto a block device. */
import {
  closeSync,
  constants,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { assembleRaw, BLOCK_SIZE, paced } from '../../disk/index.ts';
import { fail } from '../../model/diagnostic.ts';
import type { OpenedDisk } from './operand.ts';

/** What is exported and where to. */
export interface ExportTask {
  readonly opened: OpenedDisk;
  /** Absolute. */
  readonly to: string;
  readonly progress: (percent: number) => void;
  readonly signal: AbortSignal;
}

/** A name beside the target, so that the last step is a rename. */
export function temporaryBeside(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}.part`);
}

/** Writes a sparse file beside the target and renames it. */
export async function exportRaw({ opened: { disk }, to, progress, signal }: ExportTask): Promise<void> {
  const temporary = temporaryBeside(to);
  rmSync(temporary, { force: true });
  try {
    await assembleRaw(disk, temporary, { progress, signal });
    if (signal.aborted) return;
    sync(temporary);
    renameSync(temporary, to);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Writes every byte, zeros too: nobody knows what the device holds. */
export async function exportDevice({ opened: { disk }, to, progress, signal }: ExportTask): Promise<void> {
  const size = deviceSize(to);
  if (size !== disk.size)
    fail(
      'DEVICE_SIZE',
      `${to} has ${size} bytes, the disk has ${disk.size}: only a device of the same size is written to`,
    );
  // With O_EXCL the kernel refuses a device that is mounted or otherwise in use.
  const device = openSync(to, constants.O_WRONLY | constants.O_EXCL);
  try {
    for await (const index of paced(allBlocks(disk.size), disk.size, { progress, signal })) {
      const offset = index * BLOCK_SIZE;
      writeFully(device, disk.read(offset, Math.min(BLOCK_SIZE, disk.size - offset)), offset);
    }
    fsyncSync(device);
  } finally {
    closeSync(device);
  }
}

function* allBlocks(size: number): Generator<number> {
  for (let index = 0; index * BLOCK_SIZE < size; index++) yield index;
}

/** The kernel tells the size of a device in sectors of 512 bytes, whatever its own are. */
function deviceSize(path: string): number {
  const { rdev } = statSync(path);
  const [major, minor] = [(rdev >> 8) & 0xfff, (rdev & 0xff) | ((rdev >> 12) & 0xfff00)];
  return Number(readFileSync(`/sys/dev/block/${major}:${minor}/size`, 'utf8')) * 512;
}

function sync(path: string): void {
  const file = openSync(path, 'r+');
  fsyncSync(file);
  closeSync(file);
}

function writeFully(descriptor: number, bytes: Uint8Array, offset: number): void {
  for (let done = 0; done < bytes.length;)
    done += writeSync(descriptor, bytes, done, bytes.length - done, offset + done);
}
