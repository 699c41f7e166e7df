/** Finds the workspace: the outermost folder with a `build.dsm.ts`, up to the repository's root. */
import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fail } from '../model/diagnostic.ts';

export const BUILD_FILE = 'build.dsm.ts';

/** The folder of outputs in a workspace. */
export const OUTPUT_FOLDER = 'dsmb-out';

/** Names of folders that have neither packages nor sources in them, wherever they lie. */
export const ALIEN_FOLDERS: ReadonlySet<string> = new Set(['.git', 'node_modules', OUTPUT_FOLDER]);

/** What a folder of sources is without: builds write a lock as well, and none may make itself stale. */
export const NEVER_SOURCES: ReadonlySet<string> = new Set([...ALIEN_FOLDERS, 'toolchain.lock.json']);

/** The root folder of the workspace that a folder is in. `exists` looks whether there is something at a path. */
export function findWorkspace(from: string, exists: (path: string) => boolean = existsSync): string {
  let found: string | undefined;
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if (exists(join(folder, BUILD_FILE))) found = folder;
    if (exists(join(folder, '.git')) || folder === dirname(folder)) break;
  }
  requireUsable(found ?? from);
  return (
    found ??
    fail('NO_WORKSPACE', `there is no ${BUILD_FILE} in ${resolve(from)} or above it`, {
      hint: 'change to the folder of a project, or make one: dsmb init',
    })
  );
}

/** Node loads no module from below some folders. */
function requireUsable(folder: string): void {
  const hint = 'rename the folder, or move the project';
  if (folder.includes('\\'))
    fail('BAD_FOLDER', `no project can be in ${folder}: Node loads no module whose path has a backslash`, { hint });
  if (folder.includes('\ufffd') && !existsSync(folder))
    fail('BAD_FOLDER', `no project can be in ${folder}: the path is not UTF-8`, { hint });
}

/** The package that a build file makes: its folder, relative to the root. */
export function packageOf(root: string, buildFile: string): string {
  return relative(root, dirname(buildFile));
}
