/** Whom the tests try a hostile action as: the user who runs them and, where that is root, one who has no rights at all. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, lchownSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { allPackages, readLock } from '../../src/toolchain/lock.ts';
import { debFile } from '../../src/toolchain/packages.ts';
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

/** One call of dsmb by a user; the project must be that user's (`give`). */
export function callAs(user: User, project: Project, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const command = [...WITH_DESCRIPTORS, join(CHECKOUT, 'dsmb'), ...args];
  const [program = '', ...rest] = user.uid === own ? command : ['setpriv', ...asUser(user), ...command];
  return spawnSync(program, rest, {
    cwd: project.folder,
    env: { ...process.env, NO_COLOR: '1', HOME: project.folder, ...storeOf(user, project), ...env },
    encoding: 'utf8',
  });
}

/** Gives a project and its store to a user, with the packages of its lock as far as they were downloaded. */
export function give(user: User, project: Project): void {
  const { DSMB_DOWNLOADS: to = '' } = storeOf(user, project);
  const { DSMB_DOWNLOADS: from = '' } = project.store.env;
  if (from !== to)
    for (const each of allPackages(readLock(project.path('toolchain.lock.json')))) {
      if (!existsSync(debFile(from, each))) continue;
      mkdirSync(dirname(debFile(to, each)), { recursive: true });
      copyFileSync(debFile(from, each), debFile(to, each));
    }
  for (const folder of [project.folder, project.store.folder]) giveFolder(folder, user);
}

/** What is downloaded is for its user alone, as the store is. */
function storeOf({ uid }: User, { store }: Project): NodeJS.ProcessEnv {
  return uid === own ? store.env : { ...store.env, DSMB_DOWNLOADS: join(store.folder, 'debian') };
}

function giveFolder(folder: string, user: User): void {
  lchownSync(folder, user.uid, user.uid);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) giveFolder(path, user);
    else lchownSync(path, user.uid, user.uid);
  }
}

function asUser({ uid }: User): string[] {
  return [`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'];
}
