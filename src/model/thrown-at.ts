/** Where in a user's own code something was thrown. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Location } from './diagnostic.ts';
import { OWN_PACKAGE } from './own-files.ts';

const FRAME = /(?:\(|at )(file:\/\/[^\s)]+):(\d+):(\d+)\)?$/gm;
/** The engine, as sources or compiled: what it throws has a cause in the code that called it. */
const ENGINE = ['src', 'cache', 'dist/src', 'dist/cache'].map((folder) => join(OWN_PACKAGE, folder, '/'));

/** The innermost frame of an error's stack outside of the engine; undefined where there is none. */
export function thrownAt(error: unknown): Location | undefined {
  if (!(error instanceof Error)) return undefined;
  for (const [, url = '', line, column] of (error.stack ?? '').matchAll(FRAME)) {
    const file = fileURLToPath(url);
    if (!ENGINE.some((folder) => file.startsWith(folder))) return { file, line: Number(line), column: Number(column) };
  }
  return undefined;
}
