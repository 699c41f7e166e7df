/** What lies in a folder of outputs, by its stamps: whether somebody has edited, added or removed something there. */
import { createHash } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { isBelievable, stampFrom, type Stamp } from '../../cache/stamps.ts';
import { pathsBelow } from '../../cache/walk.ts';

interface Row {
  readonly stamp: Stamp;
  readonly isFolder: boolean;
  /** Whether it can have changed after this look only so that its stamp shows it. */
  readonly isSure: boolean;
}

/** A folder as it was looked at. */
export class LaidOut {
  readonly #folder: string;
  readonly #rows = new Map<string, Row>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Undefined where nothing lies, or where somebody is just removing it. */
  static at(folder: string): LaidOut | undefined {
    try {
      const laidOut = new LaidOut(folder);
      laidOut.#add(folder, Date.now());
      return laidOut;
    } catch {
      return undefined;
    }
  }

  /** Looks again where something was changed: at these paths with all below, and at the folders that they are in. */
  lookAgain(changed: readonly string[]): void {
    const now = Date.now();
    for (const path of changed) {
      this.#forget(path);
      if (lstatSync(path, { throwIfNoEntry: false })) this.#add(path, now);
    }
    for (const folder of new Set(changed.map((path) => dirname(path))))
      if (this.#rows.has(folder)) this.#note(folder, now);
  }

  /** Changes whenever anything in the folder does. */
  fingerprint(): string {
    const all = createHash('sha256');
    for (const path of [...this.#rows.keys()].sort()) all.update(`${path} ${this.#rows.get(path)!.stamp.join(' ')}\n`);
    return all.digest('hex');
  }

  /** What may have changed since the look without the fingerprint showing it: paths relative to the folder. */
  unsure(): string[] {
    return [...this.#rows].filter(([, { isSure }]) => !isSure).map(([path]) => relative(this.#folder, path));
  }

  #add(path: string, now: number): void {
    if (!this.#note(path, now)) return;
    for (const below of pathsBelow(path)) this.#note(below, now);
  }

  #forget(path: string): void {
    if (this.#rows.get(path)?.isFolder)
      for (const below of this.#rows.keys()) if (below.startsWith(`${path}/`)) this.#rows.delete(below);
    this.#rows.delete(path);
  }

  /** Tells whether it is a folder. */
  #note(path: string, now: number): boolean {
    const stats = lstatSync(path);
    const stamp = stampFrom(stats);
    const isFolder = stats.isDirectory();
    this.#rows.set(path, { stamp, isFolder, isSure: isBelievable(stamp, now) });
    return isFolder;
  }
}
