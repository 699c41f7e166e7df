/** Where this program's own files are: its sources in a checkout, or what they were compiled to in an installed package. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Whether these are the compiled modules of a package. */
export const COMPILED = import.meta.url.endsWith('.js');

/** The folder with this program's package.json. */
export const OWN_PACKAGE = fileURLToPath(new URL(COMPILED ? '../../../' : '../../', import.meta.url));

/** The folder that holds `src` and `cache`, as sources or compiled. */
export const ENGINE = fileURLToPath(new URL('../../', import.meta.url));

/** The folder of modules that were joined from others: see src/cli/joined. */
export const JOINED_FOLDER = join(OWN_PACKAGE, COMPILED ? 'dist/joined' : 'node_modules/.cache/dsmb-joined');

/** Folders that hold the engine, as sources, compiled, and joined. */
export const ENGINE_FOLDERS: readonly string[] = [
  ...['src/', 'cache/', 'dist/src/', 'dist/cache/'].map((folder) => join(OWN_PACKAGE, folder)),
  join(JOINED_FOLDER, '/'),
];

/** The conditions of package.json's `exports` under which this program's modules are those that run now. */
export const OWN_CONDITIONS: readonly string[] = COMPILED ? [] : ['dsmb-source'];

/** Whether a module specifier is one of this program's public ones. */
export const isOwn = (specifier: string): boolean => specifier === 'dsmb' || specifier.startsWith('dsmb/');

/** Modules that processes start with, joined with all that they import, by the paths of their sources. */
const joinedModules = new Map<string, string>();

/** From here on, `modulePath` gives a joined module in place of another. */
export function takeJoined(path: string, joined: string): void {
  joinedModules.set(path, joined);
}

/**
 * The path of a module that is named as it is in its sources (`x.ts`): that file, or else the `x.js` it was compiled to, or
 * what it was joined into.
 */
export function modulePath(url: URL): string {
  const path = fileURLToPath(url);
  const compiled = path.replace(/\.ts$/, '.js');
  const there = !existsSync(path) && existsSync(compiled) ? compiled : path;
  return joinedModules.get(there) ?? there;
}
