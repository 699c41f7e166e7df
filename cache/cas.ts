/** The content-addressed store: one blob a file, named by its SHA-256, never changed once it has its name. */
import { createHash, hash as hashBytes, randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  createReadStream,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { digest, type Digest } from '../src/model/digest.ts';
import { fail } from '../src/model/diagnostic.ts';
import { copyLarge } from './copy-large.ts';
import { cloneFile, copyHashing, hashFile, renameInto, writeAll } from './files.ts';
import { processToken } from './processes.ts';
import { isSealed, seal, SEALED_EXECUTABLE_MODE, SEALED_MODE, SEAL_TIME } from './stamps.ts';
import { Unsynced } from './unsynced.ts';
import { noteRemoval } from './removals.ts';
import { isDue, noteUse } from './uses.ts';

/** The digest of bytes in memory. */
export function digestOf(bytes: Uint8Array): Digest {
  return digest(hashBytes('sha256', bytes, 'hex'), bytes.length);
}

/** The modes of files for people. */
export const DELIVERED_MODE = 0o644;
export const DELIVERED_EXECUTABLE_MODE = 0o755;
/** Files of this size and more are copied for people while other things go on. */
const LARGE_BYTES = 4 * 1024 * 1024;

export const EMPTY = digestOf(new Uint8Array());

/** Threads of one process give names as well. */
const THREAD = randomBytes(4).toString('hex');
let count = 0;

export class Cas {
  readonly #root: string;
  readonly #blobs: string;
  readonly #executables: string;
  readonly #incoming: string;
  #published = 0;
  readonly #unsynced = new Unsynced();

  /** `root` is the store's folder; it is made when missing. */
  constructor(root: string) {
    this.#root = root;
    this.#blobs = join(root, 'cas.v1');
    this.#executables = join(root, 'exec.v1');
    this.#incoming = join(root, 'incoming');
    mkdirSync(this.#incoming, { recursive: true });
  }

  /** Where the blob lies, whether or not it is there. */
  path(of: Digest): string {
    return join(this.#blobs, of.hash.slice(0, 2), of.hash);
  }

  /** How many bytes this process has added. */
  get published(): number {
    return this.#published;
  }

  /** A path for a file that is to become a blob: on the store's file system, unique to this process. */
  incoming(): string {
    return join(this.#incoming, `${processToken()}-${THREAD}-${count++}`);
  }

  /**
   * Whether the blob is there, whole and as it was written. Every blob is sealed, so one that somebody has touched since
   * gives itself away without being read; it is hashed, sealed again when it is sound, and removed when it is broken.
   * The access time notes the use: a blob that a running build has asked for is not garbage.
   */
  has(of: Digest): boolean {
    if (of.size === 0) return this.#ensureEmpty(of);
    const stats = statSync(this.path(of), { throwIfNoEntry: false });
    if (stats?.size !== of.size) return false;
    if (!isSealed(stats)) return this.#stillSound(of);
    if (isDue(stats.atimeMs)) noteUse(this.path(of));
    return true;
  }

  #stillSound(of: Digest): boolean {
    const path = this.path(of);
    if (hashFile(path).hash !== of.hash) {
      this.remove(of);
      return false;
    }
    return sealedAgain(path);
  }

  /**
   * Stores bytes. They are durable after `sync`; before, a crash of the machine can cut the blob, which its size
   * then shows.
   */
  put(bytes: Uint8Array): Digest {
    const of = digestOf(bytes);
    if (this.has(of)) return of;
    this.#make(
      (temporary) => {
        const file = openSync(temporary, 'wx', SEALED_MODE);
        try {
          writeAll(file, bytes);
        } finally {
          closeSync(file);
        }
      },
      (temporary) => this.#publish(temporary, of),
    );
    this.#unsynced.add(this.path(of));
    return of;
  }

  /** A file of the store that refers to blobs, to be made durable with them. */
  addUnsynced(path: string): void {
    this.#unsynced.add(path);
  }

  /**
   * Makes durable what this process has stored: to be called before anything durable refers to it. `syncAll` syncs
   * the store's whole file system; where it is given, many files are left to it.
   */
  sync(syncAll?: () => Promise<void>): Promise<void> {
    return this.#unsynced.sync(syncAll);
  }

  /** Makes a file beside the blobs and hands it on; when either fails, nothing is left of it. */
  #make<T>(write: (temporary: string) => T, publish: (temporary: string, written: T) => void): T {
    const temporary = this.incoming();
    try {
      const written = write(temporary);
      publish(temporary, written);
      return written;
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  }

  /** Stores a copy of a file that stays where it is. Durable after `sync`. */
  putCopy(path: string): Digest {
    const of = this.#make(
      (temporary) => copyHashing(path, temporary),
      (temporary, copied) => (this.has(copied) ? unlinkSync(temporary) : this.#publish(temporary, copied)),
    );
    this.#unsynced.add(this.path(of));
    return of;
  }

  /**
   * Takes a file over, without copying: it must be on the store's file system, finished, durable, and hashed by the
   * caller.
   */
  adopt(path: string, of: Digest): void {
    if (this.has(of)) return unlinkSync(path);
    this.#publish(path, of);
  }

  /**
   * The same for a file that is not durable before `sync`. `syncing` resolves when it is, where that was begun. A blob
   * that is there already may be another process's, which has not synced it yet.
   */
  adoptUnsynced(path: string, of: Digest, syncing?: Promise<void>): void {
    this.adopt(path, of);
    if (syncing) this.#unsynced.addSyncing(syncing);
    else this.#unsynced.add(this.path(of));
  }

  /** The bytes of a blob, verified. Only for small blobs. A broken or missing one is a `BLOB_MISSING` failure. */
  read(of: Digest): Buffer {
    if (of.size === 0) return Buffer.alloc(0);
    const bytes = readIfThere(this.path(of));
    if (bytes && bytes.length === of.size && hashBytes('sha256', bytes, 'hex') === of.hash) return bytes;
    if (bytes) this.remove(of);
    return missing(of);
  }

  /** Hashes the blob as it lies in the store; a broken one is removed. */
  async verify(of: Digest): Promise<boolean> {
    if (!this.has(of)) return false;
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(this.path(of), { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
    if (hash.digest('hex') === of.hash) return true;
    this.remove(of);
    return false;
  }

  remove(of: Digest): void {
    rmSync(this.path(of), { force: true });
    rmSync(this.#executablePath(of), { force: true });
    noteRemoval(this.#root);
  }

  /** Puts the blob at a path as a hard link: the caller makes sure that nobody writes through it. */
  link(of: Digest, to: string, executable: boolean): void {
    if (!this.has(of)) missing(of);
    const blob = executable ? this.#executable(of) : this.path(of);
    try {
      linkFile(blob, to);
    } catch (error) {
      // A file has a limited number of names (65,000 on ext4), and empty ones are everywhere.
      if ((error as NodeJS.ErrnoException).code !== 'EMLINK') throw error;
      cloneFile(blob, to);
      chmodSync(to, executable ? SEALED_EXECUTABLE_MODE : SEALED_MODE);
      seal(to, SEAL_TIME);
    }
  }

  /**
   * Puts a file for people at a path, to whom it belongs: it is never a link into the store, so that nothing which they do
   * to it reaches a blob.
   */
  async deliver(of: Digest, to: string, executable: boolean, signal?: AbortSignal): Promise<void> {
    if (!this.has(of)) missing(of);
    try {
      if (of.size < LARGE_BYTES) cloneFile(this.path(of), to);
      else await copyLarge(this.path(of), to, signal);
      chmodSync(to, executable ? DELIVERED_EXECUTABLE_MODE : DELIVERED_MODE);
    } catch (error) {
      if (!this.has(of)) missing(of);
      // Node does not say which file it could not write to.
      throw Object.assign(error as Error, { path: to });
    }
  }

  /** A mode belongs to the inode, so an executable is a second file. */
  #executable(of: Digest): string {
    const path = this.#executablePath(of);
    const there = statSync(path, { throwIfNoEntry: false });
    if (there?.size === of.size && isSealed(there, SEALED_EXECUTABLE_MODE)) return path;
    this.#make(
      (temporary) => cloneFile(this.path(of), temporary),
      (temporary) => {
        chmodSync(temporary, SEALED_EXECUTABLE_MODE);
        seal(temporary, SEAL_TIME);
        renameInto(temporary, path);
      },
    );
    return path;
  }

  #executablePath(of: Digest): string {
    return join(this.#executables, of.hash.slice(0, 2), of.hash);
  }

  #publish(temporary: string, of: Digest): void {
    chmodSync(temporary, SEALED_MODE);
    seal(temporary);
    this.#published += of.size;
    renameInto(temporary, this.path(of));
  }

  #ensureEmpty(of: Digest): boolean {
    if (sizeOf(this.path(of)) !== 0) {
      const temporary = this.incoming();
      closeSync(openSync(temporary, 'wx', SEALED_MODE));
      this.#publish(temporary, of);
    }
    return true;
  }
}

/**
 * A hard link. When another process replaces the file by an equal one just now, the kernel finds the old one without a
 * name and says that there is none.
 */
function linkFile(from: string, to: string, attempts = LINK_ATTEMPTS): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempts === 1) throw error;
    linkFile(from, to, attempts - 1);
  }
}

const LINK_ATTEMPTS = 10;

function missing(of: Digest): never {
  return fail('BLOB_MISSING', `the store has lost blob ${of.hash}`, {
    hint: 'run the same command again: dsmb makes it anew',
  });
}

/** False where the mode stays wrong, since the file is another user's. */
function sealedAgain(path: string): boolean {
  try {
    chmodSync(path, SEALED_MODE);
    seal(path);
    return true;
  } catch {
    return isSealed(statSync(path));
  }
}

function sizeOf(path: string): number | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.size;
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
