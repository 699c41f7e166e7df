/** Where in a user's own code something was thrown. */
import { fileURLToPath } from 'node:url';
import type { Location } from './diagnostic.ts';
import { ENGINE_FOLDERS } from './own-files.ts';

const FRAME = /(?:\(|at )(file:\/\/[^\s)]+):(\d+):(\d+)\)?$/gm;

/** The innermost frame of an error's stack outside of the engine, whose errors have a cause in the code that called it. */
export function thrownAt(error: unknown): Location | undefined {
  if (!(error instanceof Error)) return undefined;
  for (const [, url = '', line, column] of (error.stack ?? '').matchAll(FRAME)) {
    const file = fileURLToPath(url);
    if (!isEngine(file)) return { file, line: Number(line), column: Number(column) };
  }
  return undefined;
}

/** Whether a file is the engine's own. */
export function isEngine(file: string): boolean {
  return ENGINE_FOLDERS.some((folder) => file.startsWith(folder));
}
