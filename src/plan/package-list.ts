/** Which packages a tree of the store was unpacked from, kept by the tree's digest: names what changed in a toolchain. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeAtomically } from '../../cache/files.ts';
import type { Store } from '../../cache/store.ts';
import type { Digest } from '../model/digest.ts';

/** A package whose version is another, or is on one side only. */
export interface PackageChange {
  readonly name: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

export function keepPackageList(
  store: Store,
  tree: Digest,
  packages: readonly { readonly name: string; readonly version: string }[],
): void {
  const versions = Object.fromEntries(packages.map(({ name, version }) => [name, version]));
  writeAtomically(pathOf(store, tree.hash), JSON.stringify(versions), false);
}

/** What changed between the packages of two trees; undefined where one of the lists is not known. */
export function packageChanges(store: Store, before: string, after: string): PackageChange[] | undefined {
  const was = readList(store, before);
  const is = readList(store, after);
  if (!was || !is) return undefined;
  return [...new Set([...Object.keys(was), ...Object.keys(is)])]
    .filter((name) => was[name] !== is[name])
    .sort()
    .map((name) => ({ name, before: was[name], after: is[name] }));
}

function readList(store: Store, hash: string): Record<string, string> | undefined {
  try {
    return JSON.parse(readFileSync(pathOf(store, hash), 'utf8')) as Record<string, string>;
  } catch {
    return undefined;
  }
}

function pathOf(store: Store, hash: string): string {
  return join(store.root, 'package-lists.v1', hash);
}
