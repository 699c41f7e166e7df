/** Targets whose outputs would share a folder: what `//p:q` gives lies in `p/q`, and so does all of the package `p/q`. */
import { existsSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Diagnostic, Location } from '../model/diagnostic.ts';
import { splitLabel, type Label } from '../model/label.ts';
import { packageFolders, type Loaded } from './load.ts';
import { BUILD_FILE, OUTPUT_FOLDER } from './workspace.ts';

/** The folders in which a package would share the place of a target; `exists` as of `packageFolders`. */
export function foldersInPlaceOf(root: string, label: Label, exists?: (path: string) => boolean): Iterable<string> {
  const { packageName, name } = splitLabel(label);
  const folder = join(root, packageName, name);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return [folder];
  return packageFolders(folder, exists);
}

/** What is wrong with the place of a target; undefined where it is its own. */
export function sharedPlace({ root, targets }: Loaded, label: Label): Diagnostic | undefined {
  for (const folder of foldersInPlaceOf(root, label)) {
    const file = join(folder, BUILD_FILE);
    if (!existsSync(file)) continue;
    const packageName = relative(root, folder);
    const other = [...targets].find(([one]) => splitLabel(one).packageName === packageName);
    const { location } = targets.get(label) ?? {};
    return {
      code: 'SHARED_PLACE',
      message: `${label} and ${other?.[0] ?? `the package //${packageName}`} would both be in ${placeOf(label)}`,
      detail: `the other one is at ${shown(other?.[1].location ?? { file, line: 1, column: 1 })}`,
      hint: 'give the target another name, or the folder of the package',
      ...(location ? { location } : {}),
    };
  }
  return undefined;
}

function placeOf(label: Label): string {
  const { packageName, name } = splitLabel(label);
  return join(OUTPUT_FOLDER, packageName, name);
}

function shown({ file, line, column }: Location): string {
  return `${relative(process.cwd(), file)}:${line}:${column}`;
}
