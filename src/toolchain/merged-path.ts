/** Folders that are links into /usr: the same place has two names. */

/** Live in /usr and are symbolic links in /, as in every Debian since bookworm and in Ubuntu. */
export const MERGED: readonly string[] = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32'];

/** Where a path of a package lies in a tree, as long as its folders are no other links. */
export function mergedPath(path: string): string {
  return MERGED.includes(path.split('/', 1)[0]!) ? `usr/${path}` : path;
}
