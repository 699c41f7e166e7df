/** `toolchain.lock.json`: which versions a set of packages stands for. Names paths in a pool, never hosts. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { fail } from '../model/diagnostic.ts';
import { sortByCodePoint } from '../step/order.ts';
import { packageKey, setKey, type Package, type PackageSet } from './packages.ts';

/** The content of the file. */
export interface ToolchainLock {
  readonly version: 1;
  /** From the name of a set to `name=version`, sorted. */
  readonly sets: Readonly<Record<string, readonly string[]>>;
  /** From `name=version` to the rest of what is known about a package. */
  readonly packages: Readonly<Record<string, LockedFields>>;
}

type LockedFields = Omit<Package, 'name' | 'version'>;

const EMPTY: ToolchainLock = { version: 1, sets: {}, packages: {} };

/** Reads the lock; an absent file is an empty lock. */
export function readLock(file: string): ToolchainLock {
  try {
    return parseLock(readFileSync(file, 'utf8'), file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return EMPTY;
    throw error;
  }
}

/** Reads the lock's text; `file` is for messages. */
export function parseLock(text: string, file: string): ToolchainLock {
  const hint = `repair ${file}, or delete it and run \`dsmb lock\``;
  let lock: Partial<ToolchainLock>;
  try {
    lock = JSON.parse(text) as Partial<ToolchainLock>;
  } catch (error) {
    return fail('BAD_LOCK', `${file} is not JSON`, { detail: String(error), hint });
  }
  if (lock?.version !== 1) fail('BAD_LOCK', `${file} has a version that this dsmb does not know`, { hint });
  const { sets = {}, packages = {} } = lock;
  for (const [key, entry] of Object.entries(packages))
    if (!isSound(key, entry)) fail('BAD_LOCK', `${file}: the entry '${key}' is not sound`, { hint });
  for (const [key, names] of Object.entries(sets))
    for (const name of names)
      if (!Object.hasOwn(packages, name))
        fail('BAD_LOCK', `${file}: '${key}' names ${name}, which has no entry`, { hint });
  return { version: 1, sets, packages };
}

/** Paths and hashes of the lock become names of files and addresses: a lock from elsewhere is hostile input. */
function isSound(key: string, entry: LockedFields): boolean {
  return (
    /^[a-z0-9][a-z0-9+.-]*=[A-Za-z0-9.+~:-]+$/.test(key) &&
    /^[0-9a-f]{64}$/.test(entry.sha256) &&
    Number.isSafeInteger(entry.size) &&
    typeof entry.architecture === 'string' &&
    /^[\w.+~:%-]+(\/[\w.+~:%-]+)*$/.test(entry.filename) &&
    !entry.filename.split('/').some((part) => part === '.' || part === '..')
  );
}

/** The packages of a set, in the lock's order; undefined when the set is not locked. */
export function lockedPackages(lock: ToolchainLock, set: PackageSet): readonly Package[] | undefined {
  const key = setKey(set);
  if (!Object.hasOwn(lock.sets, key)) return undefined;
  return lock.sets[key]?.map((name) => {
    const split = name.indexOf('=');
    return { name: name.slice(0, split), version: name.slice(split + 1), ...lock.packages[name]! };
  });
}

/** A lock in which the set stands for these packages. */
export function withSet(lock: ToolchainLock, set: PackageSet, resolved: readonly Package[]): ToolchainLock {
  const packages = { ...lock.packages };
  for (const { name, version, ...fields } of resolved) packages[packageKey({ name, version })] = fields;
  return tidy({ ...lock, sets: { ...lock.sets, [setKey(set)]: resolved.map(packageKey) }, packages });
}

/** A lock with only these sets. */
export function onlySets(lock: ToolchainLock, sets: readonly PackageSet[]): ToolchainLock {
  const keys = new Set(sets.map(setKey));
  return tidy({ ...lock, sets: Object.fromEntries(Object.entries(lock.sets).filter(([key]) => keys.has(key))) });
}

/** Sorted, and without the packages that no set names. */
function tidy(lock: ToolchainLock): ToolchainLock {
  const used = new Set(Object.values(lock.sets).flat());
  const sets = Object.entries(lock.sets).map(([key, names]) => [key, sortByCodePoint(names)] as const);
  const packages = Object.entries(lock.packages).filter(([key]) => used.has(key));
  return {
    version: 1,
    sets: Object.fromEntries(sortByCodePoint(sets, ([key]) => key)),
    packages: Object.fromEntries(sortByCodePoint(packages, ([key]) => key)),
  };
}

/** The text of a lock: one value a line, so that a change of one version is a small diff. */
export function formatLock(lock: ToolchainLock): string {
  const entries = Object.entries(lock.packages).map(([key, entry]) => [key, ordered(entry)] as const);
  return `${JSON.stringify({ ...lock, packages: Object.fromEntries(entries) }, undefined, 2)}\n`;
}

function ordered({ architecture, filename, size, sha256 }: LockedFields): LockedFields {
  return { architecture, filename, size, sha256 };
}

/** Reads, changes and replaces the file in one go; no other code of this process runs in between. */
export function updateLock(file: string, change: (lock: ToolchainLock) => ToolchainLock): void {
  const temporary = `${file}.${process.pid}.tmp`;
  writeFileSync(temporary, formatLock(change(readLock(file))));
  renameSync(temporary, file);
}
