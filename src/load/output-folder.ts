/**
 * The folder of outputs in a workspace, `dsmb-out`. What lies in it is replaced and removed as builds go on, so it must be
 * dsmb's own: no link in it is followed, and where it is a link itself, it may lead to a folder that was empty when dsmb
 * came to it first.
 */
import { lstatSync, mkdirSync, readdirSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { makeFolder, removeTree } from '../../cache/files.ts';
import { OUTPUT_FOLDER } from './workspace.ts';
import { fail } from '../model/diagnostic.ts';

/** In the folder of outputs: what is delivered. By this dsmb knows the folder as its own. */
export const STAMPS = '.stamps';

/** A place in the folder of outputs of a workspace. The folders above it are made where they are missing. */
export function outputPlace(root: string, names: readonly string[]): string {
  const folder = join(root, OUTPUT_FOLDER);
  requireOwnOutputFolder(root);
  makeFolder(folder);
  makeRealFolder(join(folder, STAMPS));
  let above = folder;
  for (const name of names.slice(0, -1)) makeRealFolder((above = join(above, name)));
  return join(above, names.at(-1)!);
}

/** Removes what lies at a place, unless a link leads there. */
export function clearOutputPlace(root: string, names: readonly string[]): void {
  let above = join(root, OUTPUT_FOLDER);
  for (const name of names.slice(0, -1)) {
    above = join(above, name);
    if (lstatSync(above, { throwIfNoEntry: false })?.isDirectory() !== true) return;
  }
  removeTree(join(above, names.at(-1)!));
}

/** Fails where the folder of outputs of a workspace is there and not dsmb's own. */
export function requireOwnOutputFolder(root: string): void {
  const folder = join(root, OUTPUT_FOLDER);
  const stats = lstatSync(folder, { throwIfNoEntry: false });
  if (!stats || stats.isDirectory()) return;
  const shown = relative(process.cwd(), folder);
  if (!stats.isSymbolicLink()) refuse('is not a folder', `mv ${shown} ${shown}.old`);
  const target = readlinkSync(folder);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    refuse(`is a symlink to ${target}, where there is no folder`, `mkdir -p ${resolve(root, target)}`);
  if (!isOwn(folder))
    refuse(
      `is a symlink to ${target}, which has files that dsmb did not put there`,
      `point it at an empty folder, or remove the link: rm ${shown}`,
    );
}

function isOwn(folder: string): boolean {
  const names = readdirSync(folder);
  return names.length === 0 || names.includes(STAMPS);
}

function refuse(why: string, hint: string): never {
  return fail('BAD_OUTPUT_FOLDER', `${OUTPUT_FOLDER} ${why}`, { hint });
}

/** In the place of whatever is not a folder. */
function makeRealFolder(path: string): void {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there?.isDirectory()) return;
  if (there) rmSync(path);
  try {
    mkdirSync(path);
  } catch (error) {
    // Another build of this workspace has just made it.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
