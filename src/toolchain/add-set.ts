/** Adding a set to a lock: it gets the versions that the lock has of other sets, since trees of one action are merged. */
import { Failure } from '../model/diagnostic.ts';
import type { ToolchainContext } from './context.ts';
import { described, lockSource } from './lock-source.ts';
import { allPackages, readLock, updateLock, withPackages, withSet } from './lock.ts';
import { packageKey, setKey, type Package, type PackageSet } from './packages.ts';
import { resolveSet } from './resolve.ts';

/** Resolves a set and writes it into the lock; warns where the versions of the lock had to be left. */
export async function addSet(set: PackageSet, context: ToolchainContext): Promise<readonly Package[]> {
  const { cache, lockFile, signal, progress } = context;
  progress?.('resolving packages');
  const locked = await described(allPackages(readLock(lockFile)), cache);
  const resolved = await preferringLocked(set, locked, context).catch(async (error: unknown) => {
    if (!isUnsatisfied(error) || locked.length === 0) throw error;
    const found = await resolveSet(set, { cache, signal });
    context.warn(
      `'${setKey(set)}' is not available with the versions in the lock and takes newer ones: ` +
        'if they conflict, `dsmb lock` renews all toolchains',
    );
    return found;
  });
  updateLock(lockFile, (lock) => withSet(withPackages(lock, locked), set, resolved));
  return resolved;
}

async function preferringLocked(
  set: PackageSet,
  locked: readonly Package[],
  { cache, signal }: ToolchainContext,
): Promise<readonly Package[]> {
  using source = lockSource(locked, 'preferred');
  const found = await resolveSet(set, { cache, signal, settings: source.settings });
  // A list may have another file of the same version.
  const known = new Map(locked.map((each) => [packageKey(each), each]));
  return found.map((each) => known.get(packageKey(each)) ?? each);
}

/** apt tells in words alone why it cannot install something; what else fails here fails without the lock as well. */
function isUnsatisfied(error: unknown): boolean {
  return error instanceof Failure && error.diagnostic.code === 'APT_FAILED';
}
