/**
 * How one comes to what lies at a path: every symlink that is followed, and the end, or the first place where nothing
 * is. A look at a path alone misses a link on the way that is pointed elsewhere.
 */
import type { Stats } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { targetOf } from './names.ts';
import { stampFrom, stampOf, type Stamp } from './stamps.ts';

const TYPE = 0o170000;
const SYMLINK = 0o120000;
const FOLDER = 0o040000;
/** As many as Linux follows. */
const MAX_LINKS = 40;

/** Where a path leads. */
export interface Way {
  /** Absolute paths without a link in any folder: the links that are followed, in order, then the end. */
  readonly places: readonly string[];
  /** The last of the places, where the way ends: at something that is not a link, or where nothing is. */
  readonly end: string;
  /** Whether something lies at the end, and whether that is a folder. */
  readonly exists: boolean;
  readonly isFolder: boolean;
}

/**
 * What one process has seen of the file system: each path as it was when it was first looked at. So a stamp is never
 * younger than what was read, and one of something that was replaced after the reading equals nothing that is there.
 */
export class Looks {
  readonly #stamps = new Map<string, Stamp>();
  /** Ways to folders. They stay what they are, since each path is looked at once. */
  readonly #folders = new Map<string, Way>();

  /** The stamp of a path when this first looked at it. */
  readonly stamp = (path: string): Stamp => {
    const known = this.#stamps.get(path);
    if (known) return known;
    const stamp = stampOf(path);
    this.#stamps.set(path, stamp);
    return stamp;
  };

  /** Notes what a reader has just seen itself, unless the path was looked at before. */
  note(path: string, stats: Stats): void {
    if (!this.#stamps.has(path)) this.#stamps.set(path, stampFrom(stats));
  }

  /** The way to a path; relative paths start at the working folder. */
  way(path: string): Way {
    const whole = resolve(path);
    const { places, end, isFolder } = this.#wayToFolder(dirname(whole));
    if (!isFolder || whole === '/') return this.#walk(whole);
    // Of many paths in one folder, each costs one look.
    const here = join(end, basename(whole));
    const [, , mode] = this.stamp(here);
    if ((mode & TYPE) === SYMLINK && mode >= 0) return this.#walk(whole);
    return {
      places: [...places.slice(0, -1), here],
      end: here,
      exists: mode >= 0,
      isFolder: mode >= 0 && (mode & TYPE) === FOLDER,
    };
  }

  #wayToFolder(path: string): Way {
    const known = this.#folders.get(path);
    if (known) return known;
    const way = this.#walk(path);
    this.#folders.set(path, way);
    return way;
  }

  #walk(path: string): Way {
    const links: string[] = [];
    const todo = path.split('/').reverse();
    let end = '';
    while (todo.length > 0) {
      const name = todo.pop()!;
      if (name === '' || name === '.') continue;
      if (name === '..') {
        end = end.slice(0, end.lastIndexOf('/'));
        continue;
      }
      const here = `${end}/${name}`;
      const [, , mode] = this.stamp(here);
      if (mode < 0) return { places: [...links, here], end: here, exists: false, isFolder: false };
      if ((mode & TYPE) !== SYMLINK) {
        end = here;
        continue;
      }
      links.push(here);
      if (links.length > MAX_LINKS) return { places: links, end: here, exists: false, isFolder: false };
      const target = targetOf(here);
      if (target.startsWith('/')) end = '';
      todo.push(...target.split('/').reverse());
    }
    if (end === '') end = '/';
    return { places: [...links, end], end, exists: true, isFolder: (this.stamp(end)[2] & TYPE) === FOLDER };
  }
}

/** The places that decide what lies at some paths, each once. */
export function placesOf(paths: Iterable<string>, looks = new Looks()): string[] {
  const places = new Set<string>();
  for (const path of paths) for (const place of looks.way(path).places) places.add(place);
  return [...places];
}
