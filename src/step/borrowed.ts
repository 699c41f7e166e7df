/** For steps that `dsmb run` starts: what of the user's own their rule asked for. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Where they lie in the sandbox, by the names that the rule gave them. */
export const BORROWED_FOLDER = '/tmp/borrowed';

/** The path of a borrowed folder or socket; nothing where the user has none. */
export function borrowed(name: string): string | undefined {
  const path = join(BORROWED_FOLDER, name);
  return existsSync(path) ? path : undefined;
}
