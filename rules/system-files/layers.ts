/** Several folders as one, laid over each other: what goes into an initrd or a system archive. */
import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { sortByCodePoint } from 'dsmb/step';

/** A file, folder or symbolic link of the whole. */
export type LayerEntry =
  | { readonly path: string; readonly type: 'directory'; readonly mode: number }
  | {
      readonly path: string;
      readonly type: 'file';
      readonly mode: number;
      readonly size: number;
      readonly from: string;
    }
  | { readonly path: string; readonly type: 'symlink'; readonly mode: number; readonly target: string };

/**
 * The entries of all folders, sorted so that a folder stands before what it holds; a later folder wins. `links` are
 * symbolic links to add (path to target), `directories` are empty folders. Modes are 755 for folders and programs and 644 for other files.
 */
export function layerEntries(
  folders: readonly string[],
  links: Readonly<Record<string, string>> = {},
  directories: readonly string[] = [],
): LayerEntry[] {
  const entries = new Map<string, LayerEntry>();
  for (const folder of folders) for (const entry of walk(folder, '')) entries.set(entry.path, entry);
  for (const [path, target] of Object.entries(links)) entries.set(path, { path, type: 'symlink', mode: 0o777, target });
  for (const path of directories) entries.set(path, { path, type: 'directory', mode: 0o755 });
  for (const path of [...entries.keys()]) addParents(entries, path);
  return sortByCodePoint(entries.values(), ({ path }) => path);
}

function* walk(root: string, below: string): Generator<LayerEntry> {
  for (const name of readdirSync(join(root, below))) {
    const path = below === '' ? name : `${below}/${name}`;
    const from = join(root, path);
    const stat = lstatSync(from);
    if (stat.isSymbolicLink()) yield { path, type: 'symlink', mode: 0o777, target: readlinkSync(from) };
    else if (stat.isDirectory()) yield* walk(root, path);
    else yield { path, type: 'file', mode: stat.mode & 0o100 ? 0o755 : 0o644, size: stat.size, from };
  }
}

function addParents(entries: Map<string, LayerEntry>, path: string): void {
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
    const parent = path.slice(0, end);
    if (!entries.has(parent)) entries.set(parent, { path: parent, type: 'directory', mode: 0o755 });
  }
}
