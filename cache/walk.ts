/** Reading folders with all that is below them. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The paths of everything below a folder. Not behind symlinks, which Node's own recursive reading follows. */
export function* pathsBelow(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    yield path;
    if (entry.isDirectory()) yield* pathsBelow(path);
  }
}
