/** A folder for what a command needs for a while, on the file system of the store. */
import { mkdirSync } from 'node:fs';
import { removeTree } from '../../../cache/files.ts';
import type { Store } from '../../../cache/store.ts';

/** A folder that is swept by a later build when this one is killed. */
export function temporaryFolder(store: Store): Disposable & { readonly path: string } {
  const path = store.cas.incoming();
  mkdirSync(path);
  return { path, [Symbol.dispose]: () => removeTree(path) };
}
