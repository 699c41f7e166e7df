/** Where an export lies until it is whole: beside its target, so that the last step is a rename. */
import { readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { livenessOf, processToken } from '../../../cache/processes.ts';

const SUFFIX = '.part';

/** A name for this process; what exports to the same path have left that were killed is removed. */
export function temporaryBeside(path: string): string {
  const prefix = `.${basename(path)}.`;
  const folder = dirname(path);
  for (const name of readdirSync(folder)) {
    const isPart = name.startsWith(prefix) && name.endsWith(SUFFIX);
    if (isPart && livenessOf(name.slice(prefix.length)) === 'dead')
      rmSync(join(folder, name), { recursive: true, force: true });
  }
  return join(folder, `${prefix}${processToken()}${SUFFIX}`);
}
