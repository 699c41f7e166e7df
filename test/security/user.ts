/** Whom the tests try a hostile action as: the user who runs them and, where that is root, one who has no rights at all. */
import { spawnSync } from 'node:child_process';
import { lchownSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKOUT, type Project } from '../rig/index.ts';

export interface User {
  readonly name: string;
  readonly uid: number;
}

/** nobody of Debian: no files, no groups. */
const NOBODY = 65_534;

const own = process.getuid!();

/** Says so where only one kind of user can be tried. */
export function users(): readonly User[] {
  const self = { name: own === 0 ? 'root' : `user ${own}`, uid: own };
  if (own !== 0) {
    console.warn('skipped: what root can do in a sandbox is not tried, since the tests do not run as root');
    return [self];
  }
  const nobody = { name: 'nobody', uid: NOBODY };
  if (spawnSync('setpriv', [...asUser(nobody), 'test', '-x', join(CHECKOUT, 'dsmb')]).status === 0)
    return [self, nobody];
  console.warn(`skipped: another user than root is not tried, since it may not read ${CHECKOUT}`);
  return [self];
}

/** Leaves a folder of the machine open for dsmb, behind a gap, as wrappers do. */
const WITH_DESCRIPTORS = ['bash', '-c', 'exec 17</ 63</; exec "$@"', 'bash'];

/** One call of dsmb by a user; the project and the store must be that user's (`give`). */
export function callAs(user: User, project: Project, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const command = [...WITH_DESCRIPTORS, join(CHECKOUT, 'dsmb'), ...args];
  const [program = '', ...rest] = user.uid === own ? command : ['setpriv', ...asUser(user), ...command];
  return spawnSync(program, rest, {
    cwd: project.folder,
    env: { ...process.env, NO_COLOR: '1', HOME: project.folder, ...project.store.env, ...env },
    encoding: 'utf8',
  });
}

/** Gives a folder with all that is in it to a user. */
export function give(folder: string, { uid }: User): void {
  lchownSync(folder, uid, uid);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) give(path, { uid, name: '' });
    else lchownSync(path, uid, uid);
  }
}

function asUser({ uid }: User): string[] {
  return [`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'];
}
