/** What of the user's own a runnable step borrows while it runs: folders below the home folder, sockets. None of it is in a key. */
import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Borrowed } from '../../model/rule.ts';
import type { PlannedAction } from '../../plan/key.ts';
import { BORROWED_FOLDER } from '../../step/borrowed.ts';

/** Something on this machine, and where it lies in the sandbox. */
export interface Lent {
  readonly path: string;
  readonly at: string;
  /** What the step may do with it, for the user. */
  readonly use: 'read-only' | 'and may change it' | 'and may talk to it';
}

/** What there is of it; a step is told by their absence of the others. */
export function lentTo({ node }: Pick<PlannedAction, 'node'>): readonly Lent[] {
  return Object.entries(node.runnable?.borrows ?? {}).flatMap(([name, borrowed]) => {
    const found = find(borrowed);
    return found ? [{ ...found, at: `${BORROWED_FOLDER}/${name}` }] : [];
  });
}

function find(borrowed: Borrowed): Pick<Lent, 'path' | 'use'> | undefined {
  if ('socketOf' in borrowed) {
    const path = process.env[borrowed.socketOf] ?? '';
    const isSocket = statSync(path, { throwIfNoEntry: false })?.isSocket() === true;
    return isSocket ? { path, use: 'and may talk to it' } : undefined;
  }
  const path = join(homedir(), borrowed.home);
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  return isFolder ? { path, use: borrowed.writable ? 'and may change it' : 'read-only' } : undefined;
}

/** Arguments for bubblewrap, behind those that mount `/tmp`. */
export function lentFolders(lent: readonly Lent[]): string[] {
  return lent.flatMap(({ path, at, use }) => [use === 'read-only' ? '--ro-bind' : '--bind', path, at]);
}
