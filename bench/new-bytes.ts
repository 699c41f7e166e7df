/** What a command has written below a folder: the bytes of files that were not there before. */
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The files below a folder, by inode: hard links are one file. */
export function snapshot(folder: string): ReadonlyMap<number, number> {
  const files = new Map<number, number>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const { ino, blocks } = lstatSync(join(entry.parentPath, entry.name));
    files.set(ino, blocks * 512);
  }
  return files;
}

/** Bytes on disk of files that came since, without the one that is `except`. */
export function newBytes(folder: string, before: ReadonlyMap<number, number>, except: number): number {
  let bytes = 0;
  for (const [inode, size] of snapshot(folder)) if (!before.has(inode) && inode !== except) bytes += size;
  return bytes;
}
