/** Looks for room before an export writes anything: what it replaces stays until the new one is whole. */
import { lstatSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { BLOCK_SIZE, isZero, paced, type BlockSource, type Pace } from '../../disk/index.ts';
import { fail } from '../../model/diagnostic.ts';
import { shellWord } from '../../model/shell-word.ts';
import { formatBytes } from '../../report/format.ts';

/**
 * Fails with `NO_ROOM` where a disk does not fit the file system of a path. `pieceSize` is that of the zeros that are not
 * written. The disk is read only where it might not fit.
 */
export async function requireRoom(disk: BlockSource, to: string, pieceSize: number, pace: Pace): Promise<void> {
  const free = freeBytes(dirname(to));
  if (free === undefined || mostBytes(disk) <= free) return;
  const needed = await dataBytes(disk, pieceSize, pace);
  if (needed <= free || pace.signal?.aborted === true) return;
  const replaced = freedBy(to);
  fail('NO_ROOM', `not enough space for ${to}: it needs ${formatBytes(needed)}, and ${formatBytes(free)} are free`, {
    ...(replaced > 0 ? { detail: 'the old one stays until the new one is whole; it was not touched' } : {}),
    hint:
      needed <= free + replaced
        ? `remove the old one first, so that only one needs space: rm ${shellWord(to)}`
        : `free ${formatBytes(needed - free)} in ${dirname(to)}, or choose a path on another disk`,
  });
}

/** The failure of a write, where the room that was there has gone meanwhile. */
export function noRoomLeft(to: string, error: unknown): never {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
  return fail('NO_ROOM', `not enough space for ${to}: the disk filled up while it was written`, {
    detail: 'the unfinished part was removed; what was there before was not touched',
    hint: `free some space in ${dirname(to)}, or choose a path on another disk`,
  });
}

/** Undefined where the file system does not tell. Root may use what is reserved. */
function freeBytes(folder: string): number | undefined {
  const { blocks, bavail, bfree, bsize } = statfsSync(folder);
  if (blocks === 0) return undefined;
  return (process.getuid?.() === 0 ? bfree : bavail) * bsize;
}

function mostBytes(disk: BlockSource): number {
  let bytes = 0;
  for (const index of disk.blocks()) bytes += Math.min(BLOCK_SIZE, disk.size - index * BLOCK_SIZE);
  return bytes;
}

async function dataBytes(disk: BlockSource, pieceSize: number, pace: Pace): Promise<number> {
  let bytes = 0;
  for await (const index of paced(disk.blocks(), disk.size, pace)) {
    const offset = index * BLOCK_SIZE;
    const block = disk.read(offset, Math.min(BLOCK_SIZE, disk.size - offset));
    for (let at = 0; at < block.length; at += pieceSize) {
      const piece = block.subarray(at, at + pieceSize);
      if (!isZero(piece)) bytes += piece.length;
    }
  }
  return bytes;
}

/** What the removal of a plain file gives back; a file with another name gives nothing. */
function freedBy(path: string): number {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats?.isFile() === true && stats.nlink === 1 ? stats.blocks * 512 : 0;
}
