/** Finds what is wrong in a disk's folder, all of it, and names the files. */
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, statSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { fail, toDiagnostic } from '../model/diagnostic.ts';
import type { Checksums } from './checksums.ts';
import { readManifest, unreadable } from './files.ts';
import { blockCount, blockIndex, blockLength, BLOCK_SIZE, CHECKSUMS, isZero, MANIFEST } from './format.ts';

/** One thing that is wrong. */
export interface Damage {
  /** Below the disk's folder. */
  readonly path: string;
  readonly problem: string;
}

/** What was looked at. */
export interface Inspection {
  readonly damage: readonly Damage[];
  /** Of every file that was read and is in its place, by path: what the tree's digest is made of. */
  readonly checksums: Checksums;
}

/** Options of `inspectDisk`. */
export interface InspectOptions {
  /** What each file must hold. Without it a missing block cannot be told from zeros. */
  readonly expected?: Checksums;
  /** What a step hands over has links to blocks that did not change; elsewhere a link is damage. */
  readonly followLinks?: boolean;
  /** Called now and then with 0 to 100. */
  readonly progress?: (percent: number) => void;
}

/** Reads every file of a disk's folder. */
export function inspectDisk(folder: string, options: InspectOptions = {}): Inspection {
  const { expected, progress, followLinks = false } = options;
  const stat = followLinks ? statSync : lstatSync;
  const damage: Damage[] = [];
  const checksums = new Map<string, string>();
  const paths = [...filesOf(folder, stat, damage)];
  const unlisted = damage.map(({ path }) => `${path}/`);
  const size = sizeOf(folder, damage);
  for (const [count, path] of paths.entries()) {
    if (count % 64 === 0) progress?.((100 * count) / paths.length);
    const { problem, hash } = inspectFile(folder, path, { size, expected, stat });
    if (hash !== undefined) checksums.set(path, hash);
    const known = path === MANIFEST && size === undefined;
    if (problem !== undefined && !known) damage.push({ path, problem });
  }
  const found = new Set(paths);
  const isUnknown = (path: string) => path === MANIFEST || unlisted.some((below) => path.startsWith(below));
  for (const path of expected?.keys() ?? [])
    if (!found.has(path) && !isUnknown(path)) damage.push({ path, problem: 'is missing' });
  return { damage, checksums };
}

/** Fails with `DISK_DAMAGED` for the first thing that is wrong in a disk's folder. */
export function checkDisk(folder: string): void {
  const [first] = inspectDisk(folder, { followLinks: true }).damage;
  if (first) fail('DISK_DAMAGED', `${join(folder, first.path)} ${first.problem}`);
}

interface FileInspection {
  readonly problem?: string;
  readonly hash?: string;
}

type Stat = (path: string) => Stats;

/** Every path below the folder that is no folder itself, and folders that have nothing in them. */
function* filesOf(folder: string, stat: Stat, damage: Damage[], below = ''): Generator<string> {
  const names = namesIn(folder, below, damage);
  if (names?.length === 0 && below !== '') yield `${below}/`;
  for (const name of names ?? []) {
    const path = below === '' ? name : `${below}/${name}`;
    if (path === CHECKSUMS) continue;
    if (isFolder(join(folder, path), stat)) yield* filesOf(folder, stat, damage, path);
    else yield path;
  }
}

function namesIn(folder: string, below: string, damage: Damage[]): string[] | undefined {
  try {
    return readdirSync(join(folder, below));
  } catch (error) {
    if (below === '') return unreadable(folder, error);
    damage.push({ path: below, problem: `cannot be read: ${(error as Error).message}` });
    return undefined;
  }
}

/** What cannot even be looked at counts as a file: its inspection says why. */
function isFolder(path: string, stat: Stat): boolean {
  try {
    return stat(path).isDirectory();
  } catch {
    return false;
  }
}

/** Undefined where the manifest does not tell; then only the names of blocks can be judged. */
function sizeOf(folder: string, damage: Damage[]): number | undefined {
  try {
    return readManifest(join(folder, MANIFEST));
  } catch (error) {
    damage.push({ path: MANIFEST, problem: problemOf(error, join(folder, MANIFEST)) });
    return undefined;
  }
}

function problemOf(error: unknown, path: string): string {
  return toDiagnostic(error).message.replace(`${path} `, '');
}

interface Expectation {
  readonly size: number | undefined;
  readonly expected: Checksums | undefined;
  readonly stat: Stat;
}

function inspectFile(folder: string, path: string, expectation: Expectation): FileInspection {
  if (path.endsWith('/')) return { problem: 'is an empty folder, which a disk does not have' };
  try {
    return inspectContent(folder, path, expectation);
  } catch (error) {
    return { problem: `cannot be read: ${(error as Error).message}` };
  }
}

function inspectContent(folder: string, path: string, { size, expected, stat }: Expectation): FileInspection {
  const stats = stat(join(folder, path));
  const index = blockIndex(path);
  if (index === undefined && path !== MANIFEST) return { problem: 'is no part of a disk' };
  if (index !== undefined && size !== undefined && index >= blockCount(size))
    return { problem: 'is no part of a disk of this size' };
  if (!stats.isFile()) return { problem: 'is not a file' };
  // As `cache/capture.ts` tells it: the bit is part of the tree, so the disk would be another.
  if ((stats.mode & 0o100) !== 0) return { problem: 'is executable, which no file of a disk is' };
  const length = index === undefined ? stats.size : blockLength(index, size ?? Infinity);
  if (stats.size !== length && size !== undefined) return { problem: `has ${stats.size} bytes instead of ${length}` };
  if (stats.size > BLOCK_SIZE) return { problem: `has ${stats.size} bytes, more than a block` };
  const bytes = readFileSync(join(folder, path));
  const hash = createHash('sha256').update(bytes).digest('hex');
  const problem = problemIn(path, bytes, hash, expected);
  return problem === undefined ? { hash } : { hash, problem };
}

function problemIn(path: string, bytes: Buffer, hash: string, expected: Checksums | undefined): string | undefined {
  if (path !== MANIFEST && isZero(bytes)) return 'is all zero: such a block must be absent';
  if (!expected) return undefined;
  if (!expected.has(path)) return 'is not listed: it does not belong to this disk';
  return expected.get(path) === hash ? undefined : 'holds other bytes than it should';
}
