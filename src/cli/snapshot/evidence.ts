/** What a build with nothing to do rests on: places in the file system as they are, and places where something must be. */
import { dirname, join } from 'node:path';
import { areUnknown } from '../../../cache/stamps.ts';
import { pathsBelow } from '../../../cache/walk.ts';
import { Looks, type Way } from '../../../cache/ways.ts';
import type { Looked } from './reading.ts';

export class Evidence {
  /** Absolute paths whose stamps count, there or not. */
  readonly seen: Set<string>;
  /** Absolute paths of which only counts that something is there. */
  readonly present: Set<string>;
  readonly #looks = new Looks();

  constructor(known: { readonly [Kind in 'seen' | 'present']?: Iterable<string> } = {}) {
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

/** What a build rested on. */
export interface RestedOn {
  readonly base: { readonly [Kind in 'seen' | 'present']: Iterable<string> };
  readonly looked: readonly Looked[];
}

/** The evidence of what a build rested on; undefined while some of it is just changing. */
export function evidenceOf({ base, looked }: RestedOn): Evidence | undefined {
  if (looked.some(({ stamps }) => areUnknown(stamps))) return undefined;
  const evidence = new Evidence(base);
  for (const { paths } of looked) for (const path of paths) evidence.seen.add(path);
  return evidence;
}
