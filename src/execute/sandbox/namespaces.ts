/** What keeps this user from making namespaces, by what this kernel has, and what to do about it. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fail } from '../../model/diagnostic.ts';

/** Settings of kernels that forbid namespaces, with the value that does, and one that does not. */
const SETTINGS: readonly (readonly [name: string, forbids: string, allows: string])[] = [
  // Debian's patch, and that of Arch and others.
  ['kernel.unprivileged_userns_clone', '0', '1'],
  // Ubuntu since 23.10: programs without a profile of AppArmor get no capabilities in their namespaces.
  ['kernel.apparmor_restrict_unprivileged_userns', '1', '0'],
  ['user.max_user_namespaces', '0', '15000'],
];
/** Files that container engines leave in their containers. */
const CONTAINER_MARKS = ['.dockerenv', 'run/.containerenv'];

export const UNSANDBOXED =
  'or use --unsandboxed: actions then run without a sandbox, and what they read is not checked';

/** A remedy that can be run, for the machine whose root folder this is. */
export function namespaceRemedy(root = '/'): string {
  const forbidding = SETTINGS.filter(([name, forbids]) => settingOf(root, name) === forbids);
  if (forbidding.length > 0)
    return `as root: sysctl -w ${forbidding.map(([name, , allows]) => `${name}=${allows}`).join(' ')}; ${UNSANDBOXED}`;
  if (CONTAINER_MARKS.some((mark) => existsSync(join(root, mark))))
    return `start the container with a seccomp profile that allows user namespaces (docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined); ${UNSANDBOXED}`;
  return `ask the administrator of this machine to allow user namespaces; ${UNSANDBOXED}`;
}

/** Fails since this user may make no namespaces; `said`: what was said about that. */
export function failWithoutNamespaces(said: string): never {
  return fail('NO_SANDBOX', 'this user may not create namespaces, so actions cannot be sandboxed', {
    detail: said,
    hint: namespaceRemedy(),
  });
}

const PROBE_MS = 10_000;
const PROBE = ['--user', '--map-root-user', '--mount', '--pid', '--net', '--fork', 'true'];

/** What util-linux says when it makes namespaces as a sandbox does: nothing when it may; undefined where it is missing. */
export async function namespacesRefused(): Promise<string | undefined> {
  try {
    await promisify(execFile)('unshare', PROBE, { timeout: PROBE_MS, env: { ...process.env, LC_ALL: 'C' } });
    return '';
  } catch (error) {
    const { code, stderr = '' } = error as NodeJS.ErrnoException & { stderr?: string };
    return code === 'ENOENT' ? undefined : stderr.trim().split('\n')[0] || String(error);
  }
}

function settingOf(root: string, name: string): string | undefined {
  try {
    return readFileSync(join(root, 'proc/sys', name.replaceAll('.', '/')), 'utf8').trim();
  } catch {
    return undefined;
  }
}
