/**
 * Toolchains: locked sets of Debian packages, fetched without root and unpacked into file trees.
 * Nothing heavy is loaded until a set has to be resolved, fetched or unpacked.
 */
import { fail } from '../model/diagnostic.ts';
import { lockedPackages, onlySets, readLock, updateLock, withSet } from './lock.ts';
import { packageKey, setKey, type Package, type PackageSet } from './packages.ts';
import type { TreeSink } from './tree-sink.ts';

export { lockedPackages, readLock } from './lock.ts';
export { debFile, setKey, type Package, type PackageSet } from './packages.ts';
export type { TreeSink } from './tree-sink.ts';

/** Counts up when the same packages come to give another tree: a part of what a stored tree is looked up by. */
export const UNPACK_FORMAT = 2;

/** Where and how sets are resolved, fetched and unpacked. */
export interface ToolchainContext {
  /** `toolchain.lock.json` of the workspace. */
  readonly lockFile: string;
  /** A folder for apt's lists and .deb files, below the store. */
  readonly cache: string;
  /** The lock stands as it is: what would change it is a `Failure`. */
  readonly frozen: boolean;
  /** Something the user should know, while the work goes on. */
  readonly warn: (message: string) => void;
  /** What is being done, and how far it is (0 to 100). */
  readonly progress?: (stage: string, percent?: number) => void;
  readonly signal?: AbortSignal;
}

/** The packages a set stands for: from the lock, or resolved now and added to it. */
export async function lockSet(set: PackageSet, context: ToolchainContext): Promise<readonly Package[]> {
  const locked = lockedPackages(readLock(context.lockFile), set);
  if (locked) return locked;
  if (context.frozen)
    fail('LOCK_MISSING', `toolchain.lock.json has no entry for '${setKey(set)}'`, {
      hint: 'run `dsmb lock` (or the build without --frozen) and keep the changed file',
    });
  return alone(async () => lockedPackages(readLock(context.lockFile), set) ?? (await resolveInto(set, context, false)));
}

/** Resolves every set anew, and drops from the lock what is not among them: an update of the toolchains. */
export async function relock(sets: readonly PackageSet[], context: ToolchainContext): Promise<void> {
  for (const [index, set] of sets.entries()) await alone(() => resolveInto(set, context, index === 0));
  updateLock(context.lockFile, (lock) => onlySets(lock, sets));
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

/** Brings the .deb files of a set into the cache; resolves the set again when a locked version is gone. */
export async function fetchSet(set: PackageSet, context: ToolchainContext): Promise<readonly Package[]> {
  const packages = await lockSet(set, context);
  const gone = await fetchAll(packages, context);
  if (gone.length === 0) return packages;
  const names = gone.map(packageKey).join(', ');
  if (context.frozen)
    fail('PACKAGE_GONE', `no package source of this machine has ${names} any more`, {
      detail: `locked for '${setKey(set)}'`,
      hint: 'run `dsmb lock` (or the build without --frozen) to take the present versions',
    });
  context.warn(`${names} has left the package sources: '${setKey(set)}' is resolved again and the lock changes`);
  const resolved = await alone(() => resolveInto(set, context, true));
  const stillGone = await fetchAll(resolved, context);
  if (stillGone.length > 0)
    fail('PACKAGE_GONE', `the package sources list ${stillGone.map(packageKey).join(', ')} but do not have it`, {
      hint: 'the mirror is being updated or is broken: try again later, or use another mirror',
    });
  return resolved;
}

async function resolveInto(set: PackageSet, context: ToolchainContext, fresh: boolean): Promise<readonly Package[]> {
  const { resolveSet } = await import('./resolve.ts');
  context.progress?.('resolving packages');
  const resolved = await resolveSet(set, { cache: context.cache, signal: context.signal }, fresh);
  updateLock(context.lockFile, (lock) => withSet(lock, set, resolved));
  return resolved;
}

async function fetchAll(packages: readonly Package[], context: ToolchainContext): Promise<readonly Package[]> {
  const { fetchPackages } = await import('./fetch.ts');
  return alone(() =>
    fetchPackages(packages, {
      cache: context.cache,
      signal: context.signal,
      progress: (done, total) => context.progress?.('fetching packages', Math.floor((100 * done) / total)),
    }),
  );
}

/** One after the other: sets share packages, and what one has fetched the next finds. */
let last: Promise<unknown> = Promise.resolve();
function alone<T>(work: () => Promise<T>): Promise<T> {
  const next = last.then(work, work);
  last = next.catch(() => undefined);
  return next;
}
