/** `toolchain.lock.json`: which versions a set of packages stands for. Names paths in a pool, never hosts. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { withoutMark } from '../model/byte-order-mark.ts';
import { fail } from '../model/diagnostic.ts';
import { sortByCodePoint } from '../step/order.ts';
import { CONTROL_FIELDS, packageKey, setKey, type Control, type Package, type PackageSet } from './packages.ts';

/** The content of the file. Version 1, whose packages have no `control`, is read as well. */
export interface ToolchainLock {
  readonly version: 2;
  /** From the name of a set to `name=version`, sorted. */
  readonly sets: Readonly<Record<string, readonly string[]>>;
  /** From `name=version` to the rest of what is known about a package. */
  readonly packages: Readonly<Record<string, LockedFields>>;
}

type LockedFields = Omit<Package, 'name' | 'version'>;

const EMPTY: ToolchainLock = { version: 2, sets: {}, packages: {} };

/** A build asks once for each set: the same text is parsed once. */
let lastRead: { readonly text: string; readonly lock: ToolchainLock } | undefined;

/** Reads the lock; an absent file is an empty lock. */
export function readLock(file: string): ToolchainLock {
  try {
    const text = readFileSync(file, 'utf8');
    if (lastRead?.text !== text) lastRead = { text, lock: parseLock(text, file) };
    return lastRead.lock;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return EMPTY;
    throw error;
  }
}

/** Reads the lock's text; `file` is for messages. */
export function parseLock(text: string, file: string): ToolchainLock {
  const hint = `repair ${file}, or delete it and run \`dsmb lock\``;
  let lock: Partial<Omit<ToolchainLock, 'version'>> & { readonly version?: unknown };
  try {
    lock = JSON.parse(withoutMark(text)) as typeof lock;
  } catch (error) {
    return fail('BAD_LOCK', `${file} is not JSON`, { detail: String(error), hint });
  }
  if (lock?.version !== 1 && lock?.version !== 2)
    fail('BAD_LOCK', `${file} has a version that this dsmb does not know`, { hint });
  const { sets = {}, packages = {} } = lock;
  for (const [key, entry] of Object.entries(packages))
    if (!isSound(key, entry)) fail('BAD_LOCK', `${file}: the entry '${key}' is not sound`, { hint });
  for (const [key, names] of Object.entries(sets))
    for (const name of names)
      if (!Object.hasOwn(packages, name))
        fail('BAD_LOCK', `${file}: '${key}' names ${name}, which has no entry`, { hint });
  return { version: 2, sets, packages };
}

/** Paths and hashes of the lock become names of files and addresses: a lock from elsewhere is hostile input. */
function isSound(key: string, entry: LockedFields): boolean {
  return (
    /^[a-z0-9][a-z0-9+.-]*=[A-Za-z0-9.+~:-]+$/.test(key) &&
    /^[0-9a-f]{64}$/.test(entry.sha256) &&
    Number.isSafeInteger(entry.size) &&
    /^[a-z0-9-]+$/.test(entry.architecture) &&
    /^[\w.+~:%-]+(\/[\w.+~:%-]+)*$/.test(entry.filename) &&
    !entry.filename.split('/').some((part) => part === '.' || part === '..') &&
    isSoundControl(entry.control ?? {})
  );
}

/** The fields become lines of a package list that apt reads. */
function isSoundControl(control: Control): boolean {
  return Object.entries(control).every(
    ([field, value]) => CONTROL_FIELDS.some((known) => known === field) && /^[\x20-\x7e]+$/.test(value),
  );
}

/** The packages of a set, in the lock's order; undefined when the set is not locked. */
export function lockedPackages(lock: ToolchainLock, set: PackageSet): readonly Package[] | undefined {
  const key = setKey(set);
  if (!Object.hasOwn(lock.sets, key)) return undefined;
  return lock.sets[key]?.map((name) => packageOf(name, lock.packages[name]!));
}

/** Every package that the lock holds. */
export function allPackages(lock: ToolchainLock): Package[] {
  return Object.entries(lock.packages).map(([key, fields]) => packageOf(key, fields));
}

function packageOf(key: string, fields: LockedFields): Package {
  const split = key.indexOf('=');
  return { name: key.slice(0, split), version: key.slice(split + 1), ...fields };
}

/** A lock in which the set stands for these packages. */
export function withSet(lock: ToolchainLock, set: PackageSet, resolved: readonly Package[]): ToolchainLock {
  const sets = { ...lock.sets, [setKey(set)]: resolved.map(packageKey) };
  return tidy({ ...lock, sets, packages: { ...lock.packages, ...fieldsOf(resolved) } });
}

/** A lock of these sets alone, each with what it stands for. */
export function lockOf(sets: Iterable<readonly [PackageSet, readonly Package[]]>): ToolchainLock {
  let lock = EMPTY;
  for (const [set, resolved] of sets) lock = withSet(lock, set, resolved);
  return lock;
}

/** A lock in which these packages, which it has, are described anew. */
export function withPackages(lock: ToolchainLock, packages: readonly Package[]): ToolchainLock {
  return tidy({ ...lock, packages: { ...lock.packages, ...fieldsOf(packages) } });
}

function fieldsOf(packages: readonly Package[]): Record<string, LockedFields> {
  return Object.fromEntries(packages.map(({ name, version, ...fields }) => [packageKey({ name, version }), fields]));
}

/** The names of the sets that stand for other packages than before, or are new. */
export function changedSets(before: ToolchainLock, after: ToolchainLock): Set<string> {
  const content = ({ sets, packages }: ToolchainLock, key: string): string | undefined =>
    Object.hasOwn(sets, key) ? sets[key]?.map((name) => packages[name]!.sha256).join() : undefined;
  return new Set(Object.keys(after.sets).filter((key) => content(before, key) !== content(after, key)));
}

/** The versions that a lock has of one package, where they are not what they were. */
export interface VersionChange {
  readonly name: string;
  readonly was: readonly string[];
  readonly is: readonly string[];
}

/** Which packages have other versions in one lock than in the other, sorted by name. */
export function versionChanges(before: ToolchainLock, after: ToolchainLock): VersionChange[] {
  const [was, is] = [versions(before), versions(after)];
  const names = sortByCodePoint(new Set([...was.keys(), ...is.keys()]));
  return names
    .map((name) => ({ name, was: was.get(name) ?? [], is: is.get(name) ?? [] }))
    .filter((change) => change.was.join() !== change.is.join());
}

function versions(lock: ToolchainLock): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { name, version } of allPackages(lock)) found.set(name, [...(found.get(name) ?? []), version]);
  return found;
}

/** Sorted, and without the packages that no set names. */
function tidy(lock: ToolchainLock): ToolchainLock {
  const used = new Set(Object.values(lock.sets).flat());
  const sets = Object.entries(lock.sets).map(([key, names]) => [key, sortByCodePoint(names)] as const);
  const packages = Object.entries(lock.packages).filter(([key]) => used.has(key));
  return {
    version: 2,
    sets: Object.fromEntries(sortByCodePoint(sets, ([key]) => key)),
    packages: Object.fromEntries(sortByCodePoint(packages, ([key]) => key)),
  };
}

/** The text of a lock: one value a line, so that a change of one version is a small diff. */
export function formatLock(lock: ToolchainLock): string {
  const entries = Object.entries(lock.packages).map(([key, entry]) => [key, ordered(entry)] as const);
  return `${JSON.stringify({ ...lock, packages: Object.fromEntries(entries) }, undefined, 2)}\n`;
}

function ordered({ architecture, filename, size, sha256, control }: LockedFields): LockedFields {
  return { architecture, filename, size, sha256, ...(control ? { control: orderedControl(control) } : {}) };
}

function orderedControl(control: Control): Control {
  return Object.fromEntries(CONTROL_FIELDS.flatMap((field) => (control[field] ? [[field, control[field]]] : [])));
}

/** Reads, changes and replaces the file in one go; no other code of this process runs in between. */
export function updateLock(file: string, change: (lock: ToolchainLock) => ToolchainLock): void {
  const temporary = `${file}.${process.pid}.tmp`;
  writeFileSync(temporary, formatLock(change(readLock(file))));
  renameSync(temporary, file);
}
