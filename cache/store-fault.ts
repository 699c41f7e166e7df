/** A store that somebody has deleted while it was used, or that this user may not use. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, systemError } from '../src/model/diagnostic.ts';

const DENIED: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EROFS']);

/** What went wrong: that the store is gone or denied to this user, where that is the reason, or the error itself. */
export function orStoreFault(root: string, error: unknown): unknown {
  if (error instanceof Failure) return error;
  const denied = systemError(error);
  if (denied && DENIED.has(denied.code) && isOfStore(root, error)) return deniedTo(root, error, denied.message);
  // It is made with the store, and by nobody else.
  return existsSync(join(root, 'incoming')) ? error : gone(root, error);
}

/** Whether an error of the system is about files of the store alone: of two files it does not say which is at fault. */
export function isOfStore(root: string, error: unknown): boolean {
  const { path, dest = path } = systemError(error) ?? {};
  return path !== undefined && [path, dest].every((one) => one === root || one?.startsWith(`${root}/`));
}

function gone(root: string, cause: unknown): Failure {
  return new Failure(
    {
      code: 'STORE_GONE',
      message: `the store ${root} was deleted while it was in use`,
      hint: 'run the same command again: dsmb makes what is missing',
    },
    { cause },
  );
}

function deniedTo(root: string, cause: unknown, message: string): Failure {
  return new Failure(
    {
      code: 'STORE_DENIED',
      message: `the store ${root} cannot be used: ${message}`,
      hint: 'check the owner and mode of its folders, or set DSMB_STORE to a folder of your own',
    },
    { cause },
  );
}
