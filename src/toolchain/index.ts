/**
 * Toolchains: locked sets of Debian packages, fetched without root and unpacked into file trees.
 * Nothing heavy is loaded until a set has to be resolved, fetched or unpacked.
 */
import { fail } from '../model/diagnostic.ts';
import type { ToolchainContext } from './context.ts';
import { lockedPackages, readLock } from './lock.ts';
import { packageKey, setKey, type Package, type PackageSet } from './packages.ts';
import type { Renewal } from './renew.ts';
import type { TreeSink } from './tree-sink.ts';

export type { ToolchainContext } from './context.ts';
export { changedSets, lockedPackages, readLock, versionChanges } from './lock.ts';
export { mergedPath } from './merged-path.ts';
export { debFile, packageKey, setKey, type Package, type PackageSet } from './packages.ts';
export type { Renewal } from './renew.ts';
export type { TreeSink } from './tree-sink.ts';

/** Counts up when the same packages come to give another tree: a part of what a stored tree is looked up by. */
export const UNPACK_FORMAT = 2;

/** The packages a set stands for: from the lock, or resolved now and added to it. */
export async function lockSet(set: PackageSet, context: ToolchainContext): Promise<readonly Package[]> {
  const locked = lockedPackages(readLock(context.lockFile), set);
  if (locked) return locked;
  if (context.frozen)
    fail('LOCK_MISSING', `toolchain.lock.json has no entry for '${setKey(set)}'`, {
      hint: 'run `dsmb lock` (or the build without --frozen) and keep the changed file',
    });
  const { addSet } = await import('./add-set.ts');
  return alone(async () => lockedPackages(readLock(context.lockFile), set) ?? (await addSet(set, context)));
}

/** The package of a set that has a path; undefined where none has, or its .deb file is not in the cache any more. */
export async function ownerOf(
  path: string,
  packages: readonly Package[],
  context: Pick<ToolchainContext, 'cache'>,
): Promise<Package | undefined> {
  const { findOwner } = await import('./owner.ts');
  return findOwner(path, packages, context.cache);
}

/** Resolves every set anew, all together: an update of the toolchains. What is not among them leaves the lock. */
export async function renewLock(sets: readonly PackageSet[], context: ToolchainContext): Promise<Renewal> {
  const { renew } = await import('./renew.ts');
  return alone(() => renew(sets, context));
}

/** Resolves, fetches and unpacks a set into the sink; gives the packages that the tree is made of. */
export async function materialiseSet(
  set: PackageSet,
  context: ToolchainContext,
  sink: TreeSink,
): Promise<readonly Package[]> {
  const packages = await fetchSet(set, context);
  const { unpackSet } = await import('./unpack.ts');
  context.progress?.('unpacking', 0);
  await unpackSet(packages, sink, {
    cache: context.cache,
    asRoot: set.closure,
    signal: context.signal,
    progress: (done, all) => context.progress?.('unpacking', Math.floor((100 * done) / all)),
  });
  return packages;
}

/** Brings the .deb files of a set into the cache. */
export async function fetchSet(set: PackageSet, context: ToolchainContext): Promise<readonly Package[]> {
  const packages = await lockSet(set, context);
  const gone = await fetchAll(packages, context);
  if (gone.length === 0) return packages;
  return fail('PACKAGE_GONE', `no package source of this machine has ${gone.map(packageKey).join(', ')} any more`, {
    detail: `locked for '${setKey(set)}'`,
    hint: 'run `dsmb lock`, which renews all toolchains together; or name a mirror that keeps old versions in DSMB_MIRRORS',
  });
}

async function fetchAll(packages: readonly Package[], context: ToolchainContext): Promise<readonly Package[]> {
  const { fetchPackages } = await import('./fetch.ts');
  // Sets share packages: what one has fetched the next finds.
  return alone(() =>
    fetchPackages(packages, {
      cache: context.cache,
      signal: context.signal,
      before: context.beforeFetching,
      progress: (done, total) =>
        context.progress?.('fetching packages', Math.floor((100 * done) / total), { done, total }),
    }),
  );
}

/** One after the other. */
let last: Promise<unknown> = Promise.resolve();
function alone<T>(work: () => Promise<T>): Promise<T> {
  const next = last.then(work, work);
  last = next.catch(() => undefined);
  return next;
}
