/** Paths out of archives: relative and inside, or refused. */
import { fail } from '../step/index.ts';

/** Normalises `./a//b/` to `a/b`; the root gives ''. Refuses absolute paths, `..` and NUL. */
export function safePath(name: string, where: string): string {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (name.startsWith('/') || name.includes('\0') || parts.includes('..'))
    fail('UNSAFE_PATH', `${where}: the path ${JSON.stringify(name)} leads out of the archive`);
  return parts.join('/');
}
