/** What of the user's own a runnable step borrows while it runs: folders below the home folder. None of it is in a key. */
import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { PlannedAction } from '../plan/key.ts';
import { BORROWED_FOLDER } from '../step/borrowed.ts';

/** A folder of this machine, and where it lies in the sandbox. */
export interface Lent {
  readonly path: string;
  readonly at: string;
  readonly writable: boolean;
}

/** Those that the user has; a step is told by their absence of the others. */
export function lentTo({ node }: Pick<PlannedAction, 'node'>): readonly Lent[] {
  return Object.entries(node.runnable?.borrows ?? {}).flatMap(([name, { home, writable = false }]) => {
    const path = join(homedir(), home);
    const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
    return isFolder ? [{ path, at: `${BORROWED_FOLDER}/${name}`, writable }] : [];
  });
}

/** Arguments for bubblewrap, behind those that mount `/tmp`. */
export function lentFolders(lent: readonly Lent[]): string[] {
  return lent.flatMap(({ path, at, writable }) => [writable ? '--bind' : '--ro-bind', path, at]);
}
