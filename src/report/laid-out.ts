/** What lies in a folder of outputs, as numbers that change whenever somebody edits, adds or removes something there. */
import { createHash } from 'node:crypto';
import { lstatSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { pathsBelow } from '../../cache/walk.ts';

/** A folder as it was looked at. */
export class LaidOut {
  readonly #folder: string;
  readonly #rows = new Map<string, { readonly text: string; readonly isFolder: boolean }>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Undefined where nothing lies, or where somebody is just removing it. */
  static at(folder: string): LaidOut | undefined {
    try {
      const laidOut = new LaidOut(folder);
      laidOut.#add(folder);
      return laidOut;
    } catch {
      return undefined;
    }
  }

  /** Looks again where something was changed: at these paths with all below, and at the folders that they are in. */
  lookAgain(changed: readonly string[]): void {
    for (const path of changed) {
      this.#forget(path);
      if (lstatSync(path, { throwIfNoEntry: false })) this.#add(path);
    }
    for (const folder of new Set(changed.map((path) => dirname(path))))
      if (this.#rows.has(folder)) this.#note(folder, lstatSync(folder));
  }

  fingerprint(): string {
    const all = createHash('sha256');
    for (const path of [...this.#rows.keys()].sort()) all.update(`${path} ${this.#rows.get(path)!.text}\n`);
    return all.digest('hex');
  }

  #add(path: string): void {
    const stats = lstatSync(path);
    this.#note(path, stats);
    if (stats.isDirectory()) for (const below of pathsBelow(path)) this.#note(below, lstatSync(below));
  }

  #forget(path: string): void {
    if (this.#rows.get(path)?.isFolder)
      for (const below of this.#rows.keys()) if (below.startsWith(`${path}/`)) this.#rows.delete(below);
    this.#rows.delete(path);
  }

  /**
   * A file with a second name is a link into the store, whose change time moves when the store uses it. That of the
   * folder itself moved when it took its place.
   */
  #note(path: string, stats: Stats): void {
    const { ino, size, mtimeMs, ctimeMs, nlink } = stats;
    const text =
      path === this.#folder ? `${ino} ${mtimeMs}` : `${ino} ${size} ${mtimeMs} ${nlink === 1 ? ctimeMs : ''}`;
    this.#rows.set(path, { text, isFolder: stats.isDirectory() });
  }
}
