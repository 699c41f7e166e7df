/** The look at many paths that the launcher takes: the same programs with the same arguments give the same bytes. */
import { spawnSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { isRacy } from '../../cache/stamps.ts';
import type { Because } from './because.ts';

/**
 * Device, inode, type and mode, size, the times of the last change of content and of anything, and the path: of a path
 * where nothing is there is no row.
 */
const ROW = '%d %i %f %s %.9Y %.9Z %n';
/** Before the path. */
const COLUMNS = 6;
/** With which xargs ends when stat did not find all. */
const SOME_ARE_MISSING = 123;
/** As in the launcher. */
const LOOK = ['-0', '-s', '1000000', 'stat', '-c', ROW, '--'];

/** Very many paths are looked at in shares, side by side. */
const SIDE_BY_SIDE = 4;
const WORTH_SHARING = 4000;
/** Of a share, in bytes: below what one program takes. */
const MAX_SHARE_BYTES = 900_000;

/** What a look at paths has found. */
interface Sight {
  /** What sha256sum prints of each share, sorted. */
  readonly sums: string;
  /** How many paths are a share; undefined where one holds all. */
  readonly share: number | undefined;
}

/**
 * Looks at all paths. There is nothing to be seen when one has changed since `startedAt`, or so shortly before that the
 * build may have read it earlier.
 */
export function lookAt(folder: string, paths: readonly string[], startedAt: number): Sight | Because {
  const rows = rowsAt(folder, paths);
  const changing = rows.entries().find(([, row]) => isChanging(row, startedAt));
  if (changing) return { because: `${changing[0]} has just changed` };
  const share = shareOf(paths);
  const sums: string[] = [];
  for (let at = 0; at < paths.length; at += share) {
    const lines = paths.slice(at, at + share).map((path) => rows.get(path) ?? '');
    sums.push(hash('sha256', lines.join(''), 'hex'));
  }
  return {
    sums: sums
      .sort()
      .map((sum) => `${sum} -`)
      .join(' '),
    share: sums.length > 1 ? share : undefined,
  };
}

/** The rows of those paths where something is, each with its line break. */
function rowsAt(folder: string, paths: readonly string[]): ReadonlyMap<string, string> {
  const { stdout, status, error } = spawnSync('xargs', LOOK, {
    cwd: folder,
    env: { ...process.env, LC_ALL: 'C' },
    input: paths.map((path) => `${path}\0`).join(''),
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  if (error) throw error;
  if (status !== 0 && status !== SOME_ARE_MISSING) throw new Error(`a look at the file system failed: ${status}`);
  const rows = stdout.split('\n').slice(0, -1);
  return new Map(rows.map((row) => [row.slice(placeAfter(row, COLUMNS)), `${row}\n`]));
}

/** Where the field behind so many others begins. */
function placeAfter(row: string, fields: number): number {
  let at = 0;
  for (let field = 0; field < fields; field++) at = row.indexOf(' ', at) + 1;
  return at;
}

function shareOf(paths: readonly string[]): number {
  if (paths.length < WORTH_SHARING) return paths.length;
  const longest = paths.reduce((most, path) => Math.max(most, Buffer.byteLength(path) + 1), 0);
  const shares = Math.min(SIDE_BY_SIDE, availableParallelism());
  return Math.min(Math.ceil(paths.length / shares), Math.floor(MAX_SHARE_BYTES / longest));
}

function isChanging(row: string, startedAt: number): boolean {
  const [, , , , modified, changed] = row.split(' ', COLUMNS);
  return isRacy(Number(modified) * 1000, Number(changed) * 1000, startedAt);
}
