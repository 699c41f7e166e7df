/** Reads the files of a disk's folder. Says of one that gives nothing whether it is missing, or what else it is. */
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs';
import { fail, Failure } from '../model/diagnostic.ts';
import { MAX_MANIFEST_BYTES, parseManifest } from './format.ts';

/** What becomes of symlinks: a step's own output has them until it is taken into the store, a disk of others has none. */
export type Links = 'followed' | 'refused';

/** The size in bytes that the `disk.json` at a path tells. Reads no more than such a file can have. */
export function readManifest(path: string, links: Links = 'followed'): number {
  return parseManifest(readStart(path, MAX_MANIFEST_BYTES + 1, links), path);
}

/** Opens a file for reading. A pipe is not waited for: look whether it is a file. */
export function openFile(path: string, links: Links): number {
  const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = constants;
  try {
    return openSync(path, O_RDONLY | O_NONBLOCK | (links === 'refused' ? O_NOFOLLOW : 0));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ELOOP' && links === 'refused') return isLink(path);
    throw error;
  }
}

/** Fails for a folder that is a symlink where none may be. */
export function checkFolder(path: string, links: Links): void {
  if (links === 'refused' && lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) isLink(path);
}

function isLink(path: string): never {
  return fail('DISK_DAMAGED', `${path} is a symlink, and a disk has none`);
}

/** Whether the error says that there is no such file; all others are about one that is there, or may be. */
export function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** A file that the system does not give is not damaged: nothing is known of what it holds. */
export function unreadable(path: string, error: unknown): never {
  return fail('DISK_UNREADABLE', `${path} cannot be read: ${(error as Error).message}`, {
    hint: 'check the owner and mode of the file and its folders, and what the system says of the drive',
  });
}

function readStart(path: string, length: number, links: Links): string {
  const descriptor = openManifest(path, links);
  try {
    if (!fstatSync(descriptor).isFile()) fail('DISK_DAMAGED', `${path} is not a file`);
    const bytes = Buffer.alloc(length);
    return bytes.toString('utf8', 0, readOnce(path, descriptor, bytes));
  } finally {
    closeSync(descriptor);
  }
}

function openManifest(path: string, links: Links): number {
  try {
    return openFile(path, links);
  } catch (error) {
    if (error instanceof Failure) throw error;
    if (isMissing(error)) return fail('DISK_DAMAGED', `${path} is missing: this folder holds no disk`);
    return unreadable(path, error);
  }
}

function readOnce(path: string, descriptor: number, bytes: Buffer): number {
  try {
    return readSync(descriptor, bytes, 0, bytes.length, 0);
  } catch (error) {
    return unreadable(path, error);
  }
}
