/** Toolchains that are in the store already: nothing is resolved and nothing is fetched. */
import { join } from 'node:path';
import type { Store } from '../../cache/store.ts';
import { PackageTrees } from './package-trees.ts';
import { Toolroots } from './toolroots.ts';

/** What is not in the store is not fetched: the lock is frozen, and the work ended before it begins. */
export function storedToolchains(store: Store, root: string): Toolroots {
  const lockFile = join(root, 'toolchain.lock.json');
  const context = { lockFile, frozen: true, warn: () => {}, signal: AbortSignal.abort() };
  return new Toolroots(store, new PackageTrees(store, context, () => {}));
}
