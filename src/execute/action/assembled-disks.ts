/**
 * Disks as raw files, kept by the digest of their tree and shared by all that boot them. Nobody writes to one: they are
 * read-only, and machines write to overlays.
 */
import { chmodSync, linkSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { constants, copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startSync } from '../../../cache/files.ts';
import { isSealed, seal, SEALED_MODE } from '../../../cache/stamps.ts';
import type { Store } from '../../../cache/store.ts';
import type { Node } from '../../../cache/tree.ts';
import { noteUse } from '../../../cache/uses.ts';

/** The folder of the store. */
export const ASSEMBLED_DISKS = 'disks.v1';
/** So many are kept, those that were used last. */
const KEPT = 4;

type Folder = Node & { readonly type: 'directory' };

/** Puts the raw file of a disk at a path, as a hard link. It is assembled when it is not there, or not as it was made. */
export async function linkAssembled(store: Store, disk: Folder, to: string, signal: AbortSignal): Promise<void> {
  const path = pathOf(store, disk);
  await store.locks.with(`disk ${disk.digest.hash}`, () => provide(store, disk, path, to, signal), { signal });
  dropOldest(store);
}

/** Makes a raw file of a disk for people, to whom it belongs: where the file system can, it shares what is kept. */
export async function deliverDisk(store: Store, disk: Folder, to: string, signal: AbortSignal): Promise<void> {
  if (await cloneAssembled(store, disk, to)) return;
  await assemble(store, disk, to, { signal });
  signal.throwIfAborted();
}

/** Whether a raw file holds a disk, byte for byte. */
export async function holdsDisk(store: Store, disk: Folder, path: string): Promise<boolean> {
  const { dataRanges, differingRanges, fileSource, openDisk, rawBlocks } = await import('../../disk/index.ts');
  const wanted = openDisk(store.folders.folder(disk));
  using file = fileSource(path);
  return file.size === wanted.size && differingRanges(wanted, rawBlocks(file, dataRanges(path))).next().done === true;
}

/** Makes a raw file that shares the blocks of the one that is kept; false where none is, or the file system cannot. */
export async function cloneAssembled(store: Store, disk: Folder, to: string): Promise<boolean> {
  return isIntact(pathOf(store, disk)) && (await reflinked(pathOf(store, disk), to));
}

/** Few builds lay a disk out: the others do not load what reads disks. */
async function assemble(store: Store, disk: Folder, to: string, options: { signal?: AbortSignal } = {}): Promise<void> {
  const { assembleRaw, openDisk } = await import('../../disk/index.ts');
  await assembleRaw(openDisk(store.folders.folder(disk)), to, options);
}

async function provide(store: Store, disk: Folder, path: string, to: string, signal: AbortSignal): Promise<void> {
  if (isIntact(path) && linked(path, to)) return;
  const temporary = store.cas.incoming();
  try {
    await assemble(store, disk, temporary, { signal });
    signal.throwIfAborted();
    // A crash of the machine must not leave holes where there was data.
    await startSync(temporary);
    chmodSync(temporary, SEALED_MODE);
    seal(temporary);
    linkSync(temporary, to);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function pathOf(store: Store, { digest }: Folder): string {
  return join(store.folder(ASSEMBLED_DISKS), `${digest.hash}.raw`);
}

/** All are sealed: one that was touched gives itself away. */
function isIntact(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats !== undefined && isSealed(stats);
}

/** False where it was collected a moment ago. */
function linked(path: string, to: string): boolean {
  noteUse(path);
  try {
    linkSync(path, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** Copies a file by sharing its blocks; false where the file system cannot. */
export async function reflinked(from: string, to: string): Promise<boolean> {
  try {
    await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE);
    chmodSync(to, 0o644);
    return true;
  } catch {
    rmSync(to, { force: true });
    return false;
  }
}

/** Whoever uses one has a link of its own. */
function dropOldest(store: Store): void {
  const folder = store.folder(ASSEMBLED_DISKS);
  const byUse = readdirSync(folder)
    .map((name) => ({ path: join(folder, name), used: statSync(join(folder, name), { throwIfNoEntry: false }) }))
    .sort((a, b) => (b.used?.atimeMs ?? 0) - (a.used?.atimeMs ?? 0));
  for (const { path } of byUse.slice(KEPT)) rmSync(path, { force: true });
}
