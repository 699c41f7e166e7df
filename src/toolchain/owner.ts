/** Which package a file of an unpacked set came from. */
import { statSync } from 'node:fs';
import { openDeb } from './deb.ts';
import { mergedPath } from './merged-path.ts';
import { debFile, type Package } from './packages.ts';

/** The first of the packages that has a path; those whose .deb file is not there are passed over. */
export async function findOwner(
  path: string,
  packages: readonly Package[],
  cache: string,
): Promise<Package | undefined> {
  for (const each of packages) {
    const file = debFile(cache, each);
    if (statSync(file, { throwIfNoEntry: false })?.size === each.size && (await has(file, each, path))) return each;
  }
  return undefined;
}

async function has(file: string, { name }: Package, path: string): Promise<boolean> {
  const deb = openDeb(file, name);
  try {
    for await (const entry of deb.entries)
      if (entry.type !== 'directory' && mergedPath(entry.path) === path) return true;
    return false;
  } finally {
    deb.close();
  }
}
