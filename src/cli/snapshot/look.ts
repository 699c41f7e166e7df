/** The look at many paths that the launcher takes: the same programs with the same arguments give the same bytes. */
import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';

/** Device, inode, type and mode, size, and the times of the last change of content and of anything. */
const ROW = '%d %i %f %s %.9Y %.9Z';
/** As in the launcher. */
const LOOK = ['-0', '-s', '1000000', 'stat', '-c', ROW, '--'];

/** What changed this shortly before a look may change again without its times showing it. */
export const RACY_MS = 50;
/** The same on a file system that keeps times in whole seconds, or in steps of two. */
export const COARSE_RACY_MS = 2100;

/**
 * The hash of what a look at all paths says, as sha256sum prints it. Undefined when anything has changed since
 * `startedAt`, or so shortly before that the build may have read it earlier.
 */
export function lookAt(folder: string, paths: readonly string[], startedAt: number): string | undefined {
  const text = execFileSync('xargs', LOOK, {
    cwd: folder,
    env: { ...process.env, LC_ALL: 'C' },
    input: paths.map((path) => `${path}\0`).join(''),
    encoding: 'latin1',
    maxBuffer: 2 ** 30,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const rows = text.split('\n').slice(0, -1);
  if (rows.length !== paths.length || rows.some((row) => isFresh(row, startedAt))) return undefined;
  return hash('sha256', text, 'hex');
}

function isFresh(row: string, startedAt: number): boolean {
  const [modified = '', changed = ''] = row.split(' ').slice(-2);
  const coarse = changed.endsWith('.000000000');
  return Math.max(Number(modified), Number(changed)) * 1000 > startedAt - (coarse ? COARSE_RACY_MS : RACY_MS);
}
