/** Small sure operations on files that the store is made of. */
import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  fsync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createHash, randomBytes } from 'node:crypto';
import { dirname, join } from 'node:path';
import { digest, type Digest } from '../src/model/digest.ts';
import type { Turns } from './turns.ts';

const BUFFER = Buffer.allocUnsafeSlow(256 * 1024);
const ZEROS = Buffer.alloc(BUFFER.length);

/** Hashes a file in one pass; synchronous reads into one buffer are the fastest that Node has. */
export function hashFile(path: string): Digest {
  const file = openSync(path, 'r');
  try {
    const hash = createHash('sha256');
    let size = 0;
    for (let read = readSync(file, BUFFER); read > 0; read = readSync(file, BUFFER)) {
      hash.update(BUFFER.subarray(0, read));
      size += read;
    }
    return digest(hash.digest('hex'), size);
  } finally {
    closeSync(file);
  }
}

/** The same for a file of any size, in turns. */
export async function hashInTurns(path: string, turns: Turns): Promise<Digest> {
  const file = openSync(path, 'r');
  try {
    const hash = createHash('sha256');
    let size = 0;
    for (let read = readSync(file, BUFFER); read > 0; read = readSync(file, BUFFER)) {
      hash.update(BUFFER.subarray(0, read));
      size += read;
      if (turns.isOver) await turns.next();
    }
    return digest(hash.digest('hex'), size);
  } finally {
    closeSync(file);
  }
}

/** Copies a file and gives the digest of what was written, which is not durable yet. Keeps holes: a chunk of zeros is not written. */
export function copyHashing(from: string, to: string): Digest {
  const hash = createHash('sha256');
  const size = copySparse(from, to, (chunk) => hash.update(chunk));
  return digest(hash.digest('hex'), size);
}

/** Copies a file, and gives its size. Chunks of zeros become holes. */
function copySparse(from: string, to: string, onChunk?: (chunk: Uint8Array) => void): number {
  const source = openSync(from, 'r');
  const target = openSync(to, 'wx', 0o644);
  try {
    let [size, written] = [0, 0];
    for (let read = readSync(source, BUFFER); read > 0; read = readSync(source, BUFFER)) {
      const chunk = BUFFER.subarray(0, read);
      onChunk?.(chunk);
      size += read;
      if (chunk.equals(ZEROS.subarray(0, read))) continue;
      writeAll(target, chunk, size - read);
      written = size;
    }
    if (written < size) ftruncateSync(target, size);
    return size;
  } finally {
    closeSync(source);
    closeSync(target);
  }
}

/** Whether some file system here may be able to share blocks: trying it makes a file and removes it again. */
let mayShareBlocks = true;

/** A copy that shares blocks where the file system can, and keeps holes where it cannot. */
export function cloneFile(from: string, to: string): void {
  if (!shareBlocks(from, to)) copySparse(from, to);
}

/** Makes a file of the blocks of another one; false, and no file, where the file system cannot. */
export function shareBlocks(from: string, to: string): boolean {
  if (!mayShareBlocks) return false;
  try {
    copyFileSync(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTSUP') mayShareBlocks = false;
    rmSync(to, { force: true });
    return false;
  }
}

/** Writes all bytes or throws: on a disk that gets full, a single write takes a part of them and calls it a success. */
export function writeAll(file: number, bytes: Uint8Array, position?: number): void {
  for (let done = 0; done < bytes.length;)
    done += writeSync(file, bytes, done, bytes.length - done, position === undefined ? null : position + done);
}

/** Does something to a path, and makes its folder when it turns out to be missing: mostly it is there. */
function inFolderOf<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    makeFolder(dirname(path));
    return work();
  }
}

/** A rename to a path whose folder may have to be made. */
export function renameInto(from: string, to: string): void {
  inFolderOf(to, () => renameSync(from, to));
}

/** Writes a file whose folder may have to be made. A reader may find a part of it. */
export function writeInto(path: string, content: string): void {
  inFolderOf(path, () => writeFileSync(path, content));
}

/** Writes a file so that it is there whole or not at all; by default, also after a crash of the machine. */
export function writeAtomically(path: string, content: string | Uint8Array, durable = true): void {
  const temporary = join(dirname(path), `.${randomBytes(6).toString('hex')}.tmp`);
  try {
    const file = inFolderOf(temporary, () => openSync(temporary, 'wx', 0o644));
    try {
      writeAll(file, typeof content === 'string' ? Buffer.from(content) : content);
      if (durable) fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** The same for what only spares work: in a store that cannot be written, nothing is spared. */
export function writeUnlessReadOnly(path: string, content: string, durable = true): void {
  try {
    writeAtomically(path, content, durable);
  } catch (error) {
    if (!READ_ONLY.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

const READ_ONLY: ReadonlySet<string> = new Set(['EROFS', 'EACCES', 'EPERM']);

/**
 * Makes a folder and those above it; one that is there keeps its mode. Node's recursive mkdir never ends where none can be
 * made, as in /proc.
 */
export function makeFolder(path: string, mode?: number): void {
  const isThere = (): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  if (isThere()) return;
  if (dirname(path) !== path) makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (!isThere()) throw error;
  }
}

/** Removes a file or folder with all that is in it, also folders that their maker has locked against their owner. */
export function removeTree(path: string): void {
  const remove = (): void => rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  try {
    remove();
  } catch (error) {
    if (!['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    unlock(path);
    remove();
  }
}

function unlock(path: string): void {
  if (!lstatSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  chmodSync(path, 0o700);
  for (const name of readdirSync(path)) unlock(join(path, name));
}

/** Makes what was written to files durable. All are asked for at once, so that they share commits of the journal. */
export async function syncFiles(paths: Iterable<string>): Promise<void> {
  const all = [...paths];
  while (all.length > 0) await Promise.all(all.splice(0, SYNCED_TOGETHER).map(syncFile));
}

/** Bounds the files that are open at once. */
const SYNCED_TOGETHER = 64;

/** Begins to make a file durable in a thread of the pool, while this one goes on. */
export function startSync(path: string): Promise<void> {
  const file = openSync(path, 'r');
  const syncing = new Promise<void>((resolve, reject) => {
    fsync(file, (error) => {
      closeSync(file);
      if (error) reject(error);
      else resolve();
    });
  });
  // A failure is met by who waits, which may be later, or nobody.
  syncing.catch(() => undefined);
  return syncing;
}

/** A blob may have been collected since it was written. */
async function syncFile(path: string): Promise<void> {
  try {
    await startSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
