/** Reading that leaves no trace: a look by garbage collection is no use of what it looks at. */
import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  type Dirent,
  type Stats,
} from 'node:fs';
import { join } from 'node:path';

/** The content of a small file; undefined where there is none. */
export function readQuietly(path: string): Buffer | undefined {
  const file = openQuietly(path);
  if (file === undefined) return undefined;
  try {
    const bytes = Buffer.alloc(fstatSync(file).size);
    let done = 0;
    for (let read = -1; read !== 0 && done < bytes.length; done += read)
      read = readSync(file, bytes, done, bytes.length - done, done);
    return bytes.subarray(0, done);
  } finally {
    closeSync(file);
  }
}

function openQuietly(path: string): number | undefined {
  // Only the owner may ask for O_NOATIME.
  for (const flags of [constants.O_RDONLY | constants.O_NOATIME, constants.O_RDONLY])
    try {
      return openSync(path, flags);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EPERM') return undefined;
    }
  return undefined;
}

/** The entries of a folder; none where there is no folder. */
export function entriesOf(...path: readonly string[]): Dirent[] {
  try {
    return readdirSync(join(...path), { withFileTypes: true });
  } catch {
    return [];
  }
}

/** Entries of a folder whose files lie in folders of two hex digits: `ab/abcd…`. */
export function* shardedEntries(folder: string): Generator<Dirent> {
  for (const shard of entriesOf(folder)) if (shard.isDirectory()) yield* entriesOf(folder, shard.name);
}

export function statOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

const BLOCK_BYTES = 512;

/** What a file or folder takes on disk, with all that is in it: holes take nothing. */
export function bytesOnDisk(path: string): number {
  const stats = statOf(path);
  if (!stats) return 0;
  const inside = stats.isDirectory() ? entriesOf(path).map(({ name }) => bytesOnDisk(join(path, name))) : [];
  return inside.reduce((sum, bytes) => sum + bytes, stats.blocks * BLOCK_BYTES);
}

const BUFFER = Buffer.allocUnsafeSlow(256 * 1024);

/** The SHA-256 of a file, hexadecimal; undefined where it cannot be opened. */
export function hashQuietly(path: string): string | undefined {
  const file = openQuietly(path);
  if (file === undefined) return undefined;
  try {
    const hash = createHash('sha256');
    for (let read = readSync(file, BUFFER); read > 0; read = readSync(file, BUFFER))
      hash.update(BUFFER.subarray(0, read));
    return hash.digest('hex');
  } finally {
    closeSync(file);
  }
}
