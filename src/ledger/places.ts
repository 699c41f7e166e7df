/** Places of the file system that something rests on: as they are, or as places where something must be. */
import { dirname, join } from 'node:path';
import { pathsBelow } from '../../cache/walk.ts';
import type { Looks, Way } from '../../cache/ways.ts';

export class Places {
  /** Absolute paths whose stamps count, there or not. */
  readonly seen: Set<string>;
  /** Absolute paths of which only counts that something is there. */
  readonly present: Set<string>;
  readonly #looks: Looks;

  /** Begins with places that are known, if any. */
  constructor(looks: Looks, known: { readonly seen?: Iterable<string>; readonly present?: Iterable<string> } = {}) {
    this.#looks = looks;
    this.seen = new Set(known.seen);
    this.present = new Set(known.present);
  }

  /** What lies at a path, with every link that leads there: of a folder, that the same names are in it. */
  path(path: string): Way {
    const way = this.#looks.way(path);
    for (const place of way.places) this.seen.add(place);
    return way;
  }

  /** A file, or a folder with all that is below it. */
  tree(path: string): void {
    const { end, isFolder } = this.path(path);
    if (isFolder) for (const below of pathsBelow(end)) this.seen.add(below);
  }

  /** Looks whether something is at a path. */
  readonly exists = (path: string): boolean => {
    const { places, end, exists } = this.#looks.way(path);
    for (const place of places) if (place !== end || !exists) this.seen.add(place);
    if (exists) this.present.add(end);
    return exists;
  };

  /** A module, and the package.json by which Node tells what kind of module it is. */
  module(path: string): void {
    this.path(path);
    for (let folder = dirname(path); ; folder = dirname(folder))
      if (this.path(join(folder, 'package.json')).exists || folder === dirname(folder)) return;
  }
}
