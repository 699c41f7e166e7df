/**
 * When things of the store were last used. Blobs and tree folders note it as their access time, since their
 * modification time says that they are as they were written; records note it as their modification time.
 */
import { statSync, utimesSync } from 'node:fs';
import { SEAL_TIME } from './stamps.ts';

/**
 * Uses are noted no more often than this, so that a look costs one stat. Garbage collection spares what was used since
 * this long before the oldest running build began.
 */
export const USE_GRACE_MS = 60 * 60 * 1000;

let everyUse = false;

/** Garbage is being collected right now: from here on this process notes every use, however recent the last one was. */
export function noteEveryUse(): void {
  everyUse = true;
}

/** Whether a use must be noted, by the time of the last one, in ms since the epoch. */
export function isDue(lastUse: number): boolean {
  return everyUse || lastUse < Date.now() - USE_GRACE_MS;
}

/** Notes the use of a blob or a tree folder. */
export function noteUse(path: string): void {
  setTimes(path, new Date(), SEAL_TIME);
}

/**
 * Notes the use of a record, and tells whether it is there. To be called before the record is read: then garbage
 * collection either sees the use, or has taken the record already.
 */
export function useRecord(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats || !isDue(stats.mtimeMs)) return stats !== undefined;
  const now = new Date();
  return setTimes(path, now, now);
}

/** A store that is read-only or of another user is used all the same: nobody collects its garbage from here. */
function setTimes(path: string, used: Date, modified: Date): boolean {
  try {
    utimesSync(path, used, modified);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}
