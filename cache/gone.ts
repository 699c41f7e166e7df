/** A store that somebody has deleted while it was used. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../src/model/diagnostic.ts';

/** What went wrong: that the store is gone, where that is so, or the error itself. */
export function orStoreGone(root: string, error: unknown): unknown {
  // It is made with the store, and by nobody else.
  if (error instanceof Failure || existsSync(join(root, 'incoming'))) return error;
  return new Failure(
    {
      code: 'STORE_GONE',
      message: `the store ${root} was deleted while it was used`,
      hint: 'run the same command again: what is missing is made again',
    },
    { cause: error },
  );
}
