/** Writes a disk as a folder of blocks with `SHA256SUMS`: it can be copied anywhere and checked there. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  BLOCK_SIZE,
  blockPath,
  CHECKSUMS,
  formatChecksums,
  formatManifest,
  isZero,
  MANIFEST,
  paced,
  readManifest,
} from '../../disk/index.ts';
import type { ExportTask } from './export-raw.ts';
import { requireRoom } from './room.ts';
import { temporaryBeside } from './temporary.ts';

/** What the folder of a disk holds. */
const PARTS: ReadonlySet<string> = new Set([MANIFEST, CHECKSUMS, 'blocks']);

/** True for a folder that holds a disk and nothing else: no other is removed for one, whatever was forced. */
export function replaceableFolder(path: string): boolean {
  try {
    readManifest(join(path, MANIFEST));
    return readdirSync(path).every((name) => PARTS.has(name));
  } catch {
    return false;
  }
}

/** Writes the folder beside the target and renames it. */
export async function exportFolder({ opened: { disk }, to, progress, signal }: ExportTask): Promise<void> {
  const temporary = temporaryBeside(to);
  await requireRoom(disk, to, BLOCK_SIZE, { progress, signal });
  mkdirSync(temporary);
  const checksums = new Map<string, string>();
  const write = (path: string, content: Uint8Array): void => {
    mkdirSync(dirname(join(temporary, path)), { recursive: true });
    writeFileSync(join(temporary, path), content);
    checksums.set(path, createHash('sha256').update(content).digest('hex'));
  };
  try {
    for await (const index of paced(disk.blocks(), disk.size, { progress, signal })) {
      const offset = index * BLOCK_SIZE;
      const bytes = disk.read(offset, Math.min(BLOCK_SIZE, disk.size - offset));
      if (!isZero(bytes)) write(blockPath(index), bytes);
    }
    if (signal.aborted) return;
    write(MANIFEST, Buffer.from(formatManifest(disk.size)));
    writeFileSync(join(temporary, CHECKSUMS), formatChecksums(checksums));
    replaceFolder(to, temporary);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** A folder cannot be renamed onto one that holds something: the old one steps aside, and goes when the new one is there. */
function replaceFolder(to: string, by: string): void {
  const aside = `${by}.old`;
  if (existsSync(to)) renameSync(to, aside);
  renameSync(by, to);
  rmSync(aside, { recursive: true, force: true });
}
