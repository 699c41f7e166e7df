/** A store that somebody has deleted while it was used, or that this user may not write. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, systemError } from '../src/model/diagnostic.ts';

const DENIED: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EROFS']);

/** What went wrong: that the store is gone or cannot be written, where that is the reason, or the error itself. */
export function orStoreFault(root: string, error: unknown): unknown {
  if (error instanceof Failure) return error;
  const denied = systemError(error);
  if (denied && DENIED.has(denied.code) && isOfStore(root, error)) return unwritable(root, error, denied.message);
  // It is made with the store, and by nobody else.
  return existsSync(join(root, 'incoming')) ? error : gone(root, error);
}

/** Whether an error of the system is about a file of the store. */
export function isOfStore(root: string, error: unknown): boolean {
  const { path = '', dest = '' } = systemError(error) ?? {};
  return [path, dest].some((one) => isWithin(root, one));
}

function isWithin(root: string, path: string): boolean {
  return path === root || path.startsWith(`${root}/`);
}

function gone(root: string, cause: unknown): Failure {
  return new Failure(
    {
      code: 'STORE_GONE',
      message: `the store ${root} was deleted while it was used`,
      hint: 'run the same command again: what is missing is made again',
    },
    { cause },
  );
}

function unwritable(root: string, cause: unknown, message: string): Failure {
  return new Failure(
    {
      code: 'STORE_UNWRITABLE',
      message: `the store ${root} cannot be written: ${message}`,
      hint: 'check the owner and mode of its folders, or set DSMB_STORE to a folder of your own',
    },
    { cause },
  );
}
