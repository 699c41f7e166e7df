/**
 * The law of sameness: whether what lies at a path is still what was read there.
 *
 * A stamp is what `lstat` says of a path. Something is as it was if and only if every path on the way to it has the
 * stamp that it had (`ways.ts`), and that stamp could be believed when it was taken: a file system keeps times in
 * steps, so what changed within the last step may change again without its stamp showing it. Times are compared for
 * equality alone: a clock that is set back deceives nobody.
 *
 * Blobs of the store follow a stricter rule. They are sealed: all have one modification time and one mode, so that one
 * which somebody has touched gives itself away wherever it lies, without a record of how it was.
 */
import { lstatSync, utimesSync, type Stats } from 'node:fs';

/** Of a path: device, inode, type and mode, size in bytes, and when its content and anything of it last changed, in ms. */
export type Stamp = readonly [
  device: number,
  inode: number,
  mode: number,
  size: number,
  modifiedMs: number,
  changedMs: number,
];

const COLUMNS = 6;
const NOTHING: Stamp = [-1, -1, -1, -1, -1, -1];

/** Equals no stamp, itself included. */
const UNKNOWN: Stamp = [NaN, NaN, NaN, NaN, NaN, NaN];

/** The stamp of a path itself: symlinks are not followed. A path where nothing is, or can be seen, has one as well. */
export function stampOf(path: string): Stamp {
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    return stats ? stampFrom(stats) : NOTHING;
  } catch {
    return NOTHING; // Below a file, or in a folder that is closed to this user.
  }
}

/** Whether a stamp is that of a path where nothing was. */
export function isOfNothing(stamp: ArrayLike<number>): boolean {
  return areSameStamps(stamp, NOTHING);
}

export function stampFrom({ dev, ino, mode, size, mtimeMs, ctimeMs }: Stats): Stamp {
  return [dev, ino, mode, size, mtimeMs, ctimeMs];
}

export function areSameStamps(some: ArrayLike<number>, others: ArrayLike<number>): boolean {
  if (some.length !== others.length) return false;
  for (let at = 0; at < some.length; at++) if (some[at] !== others[at]) return false;
  return true;
}

/** Longer than the step in which any file system with fractions of a second keeps times: the kernel's tick, at most. */
const FINE_STEP_MS = 50;
/** The same for file systems that keep whole seconds (ext3, ext4 with small inodes, sshfs) or every other one (FAT). */
const COARSE_STEP_MS = 2100;

/**
 * Whether something changed after a time, or so shortly before it that it may have changed again since without its times
 * showing it. How fine a file system's times are is read off the times: nobody can set the time of a change, so one with
 * a fraction of a second proves a fine file system, and one without is taken for the step of a coarse one.
 */
export function isRacy(modifiedMs: number, changedMs: number, lookedAtMs: number): boolean {
  const step = changedMs % 1000 === 0 ? COARSE_STEP_MS : FINE_STEP_MS;
  return Math.max(modifiedMs, changedMs) > lookedAtMs - step;
}

/** Whether a stamp, taken of what a look at this time saw or later, can be believed. */
export function isBelievable([, , , , modifiedMs, changedMs]: Stamp, lookedAtMs: number): boolean {
  return !isRacy(modifiedMs, changedMs, lookedAtMs);
}

/** Stamps of many paths, one behind the other. */
export type Stamps = Float64Array;

/** The stamps of paths; where `looks` has one, that. */
export function stampsOf(paths: readonly string[], stamp: (path: string) => Stamp = stampOf): Stamps {
  const stamps = new Float64Array(paths.length * COLUMNS);
  for (const [index, path] of paths.entries()) stamps.set(stamp(path), index * COLUMNS);
  return stamps;
}

/** Stamps of `count` paths that equal none: what was read there may be there no more. */
export function unknownStamps(count: number): Stamps {
  return new Float64Array(Array.from({ length: count }, () => UNKNOWN).flat());
}

/** Some stamps of a longer list. */
export function stampsAt(stamps: Stamps, first: number, count: number): Stamps {
  return stamps.subarray(first * COLUMNS, (first + count) * COLUMNS);
}

/** The times of one of them. */
export function timesAt(stamps: Stamps, at: number): [modifiedMs: number, changedMs: number] {
  return [stamps[at * COLUMNS + 4]!, stamps[at * COLUMNS + 5]!];
}

/** Whether any of them equals none. */
export function areUnknown(stamps: Stamps): boolean {
  return stamps.some(Number.isNaN);
}

/** Whether all of them can be believed, when the reading of what they stand for began at this time. */
export function areBelievable(stamps: Stamps, startedAtMs: number): boolean {
  return firstRacy(stamps, startedAtMs) === undefined;
}

/** The place of the first stamp that cannot be believed. */
export function firstRacy(stamps: Stamps, startedAtMs: number): number | undefined {
  for (let at = 0; at < stamps.length; at += COLUMNS)
    if (isRacy(stamps[at + 4]!, stamps[at + 5]!, startedAtMs)) return at / COLUMNS;
  return undefined;
}

/** The one modification time of everything in the store, so that what an action sees does not depend on when. */
export const SEAL_TIME = new Date(315_532_800_000);
/** The modes of sealed files. */
export const SEALED_MODE = 0o444;
export const SEALED_EXECUTABLE_MODE = 0o555;

const PERMISSIONS = 0o7777;

/** Whether a file of the store is as it was when it got its seal. */
export function isSealed({ mtimeMs, mode }: Stats, sealedMode = SEALED_MODE): boolean {
  return mtimeMs === SEAL_TIME.getTime() && (mode & PERMISSIONS) === sealedMode;
}

/** The same for a symlink, whose mode says nothing. */
export function isSealedLink(stats: Stats): boolean {
  return stats.isSymbolicLink() && stats.mtimeMs === SEAL_TIME.getTime();
}

/** Sets the time of a seal; the access time notes the use. */
export function seal(path: string, used = new Date()): void {
  utimesSync(path, used, SEAL_TIME);
}
