/** Reads the files of a disk's folder. Says of one that gives nothing whether it is missing, or what else it is. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { fail } from '../model/diagnostic.ts';
import { MAX_MANIFEST_BYTES, parseManifest } from './format.ts';

/** The size in bytes that the `disk.json` at a path tells. Reads no more than such a file can have. */
export function readManifest(path: string): number {
  return parseManifest(readStart(path, MAX_MANIFEST_BYTES + 1), path);
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

function readStart(path: string, length: number): string {
  const descriptor = openManifest(path);
  try {
    if (!fstatSync(descriptor).isFile()) fail('DISK_DAMAGED', `${path} is not a file`);
    const bytes = Buffer.alloc(length);
    return bytes.toString('utf8', 0, readOnce(path, descriptor, bytes));
  } finally {
    closeSync(descriptor);
  }
}

/** Without O_NONBLOCK a pipe would be waited for. */
function openManifest(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
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
