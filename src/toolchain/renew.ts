/** Renewing a lock: every set gets the versions that the machine's package sources have now. */
import { fetchPackages } from './fetch.ts';
import { updateLists } from './lists.ts';
import type { ToolchainContext } from './context.ts';
import { described, lockSource } from './lock-source.ts';
import { allPackages, lockOf, readLock, updateLock, type ToolchainLock } from './lock.ts';
import { packageKey, type Package, type PackageSet } from './packages.ts';
import { resolveSet, unknownNames } from './resolve.ts';

/** The lock before and after, and what it keeps although no list of this machine has it any more. */
export interface Renewal {
  readonly before: ToolchainLock;
  readonly after: ToolchainLock;
  readonly kept: readonly Package[];
}

type Resolved = readonly (readonly [PackageSet, readonly Package[]])[];

/**
 * Resolves all sets, and writes the lock once at the end. A package whose name the lists do not know, as a kernel of
 * another release, is kept while its file can be had. Fails, with the lock as it was, when a set cannot be resolved.
 */
export async function renew(sets: readonly PackageSet[], context: ToolchainContext): Promise<Renewal> {
  const { cache, lockFile, signal } = context;
  const before = readLock(lockFile);
  await updateLists({ cache, signal }, true);
  for (let unlisted = await unlistedPackages(before, context); ;) {
    const resolved = await resolveAll(sets, unlisted, context);
    const kept = usedOf(unlisted, resolved);
    const gone = new Set(await fetchPackages(kept, { cache, signal }));
    if (gone.size === 0) {
      const after = lockOf(resolved);
      updateLock(lockFile, () => after);
      return { before, after, kept };
    }
    unlisted = unlisted.filter((each) => !gone.has(each));
  }
}

async function unlistedPackages(lock: ToolchainLock, { cache, signal }: ToolchainContext): Promise<Package[]> {
  const locked = allPackages(lock);
  const unknown = await unknownNames(
    locked.map(({ name }) => name),
    { cache, signal },
  );
  return described(
    locked.filter(({ name }) => unknown.has(name)),
    cache,
  );
}

async function resolveAll(
  sets: readonly PackageSet[],
  unlisted: readonly Package[],
  { cache, signal, progress }: ToolchainContext,
): Promise<Resolved> {
  using source = lockSource(unlisted);
  const resolved: [PackageSet, Package[]][] = [];
  for (const [index, set] of sets.entries()) {
    progress?.('resolving packages', Math.floor((100 * index) / sets.length));
    resolved.push([set, await resolveSet(set, { cache, signal, settings: source.settings })]);
  }
  return resolved;
}

function usedOf(unlisted: readonly Package[], resolved: Resolved): Package[] {
  const used = new Set(resolved.flatMap(([, packages]) => packages.map(packageKey)));
  return unlisted.filter((each) => used.has(packageKey(each)));
}
