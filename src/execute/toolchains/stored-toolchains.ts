/** Toolchains that are in the store already: nothing is resolved and nothing is fetched. */
import { join } from 'node:path';
import type { Store } from '../../../cache/store.ts';
import { PackageTrees } from './package-trees.ts';
import { hostProgram } from '../process/host-program.ts';
import { Toolroots } from './toolroots.ts';

/** What is not in the store is not fetched: the lock is frozen, and the work ended before it begins. */
export function storedToolchains(store: Store, root: string): Toolroots {
  const lockFile = join(root, 'toolchain.lock.json');
  const context = { lockFile, frozen: true, warn: () => {}, signal: AbortSignal.abort() };
  return new Toolroots(store, new PackageTrees(store, context, () => {}));
}

/** How the xz of a toolchain is started; undefined where the store has none. */
export async function storedXz(store: Store, root: string): Promise<readonly string[] | undefined> {
  try {
    const tree = await storedToolchains(store, root).packages(['xz-utils'], true);
    return tree.type === 'directory' ? hostProgram(store.folders.folder(tree), 'usr/bin/xz') : undefined;
  } catch {
    return undefined;
  }
}
