/** The look at many paths that the launcher takes: the same programs with the same arguments give the same bytes. */
import { spawnSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { isRacy } from '../../cache/stamps.ts';
import { isBecause, type Because } from './because.ts';
import { whyRacy } from './ground.ts';

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
  if (isBecause(rows)) return rows;
  const racy = rows.entries().find(([, row]) => isRacy(...timesOf(row), startedAt));
  if (racy) return { because: whyRacy(resolve(folder, racy[0]), timesOf(racy[1])) };
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
function rowsAt(folder: string, paths: readonly string[]): ReadonlyMap<string, string> | Because {
  const { stdout, status, signal, error } = spawnSync('xargs', LOOK, {
    cwd: folder,
    env: { ...process.env, LC_ALL: 'C' },
    input: paths.map((path) => `${path}\0`).join(''),
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  // One that ended before it had read all its paths says how it ended, beside an EPIPE.
  if (error && status === null && signal === null) throw error;
  if (status !== 0 && status !== SOME_ARE_MISSING) return { because: `\`xargs stat\` ended with ${signal ?? status}` };
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

function timesOf(row: string): [modifiedMs: number, changedMs: number] {
  const [, , , , modified, changed] = row.split(' ', COLUMNS);
  return [Number(modified) * 1000, Number(changed) * 1000];
}
