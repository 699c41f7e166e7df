/** What a build with nothing to do rests on: places in the file system as they are, and places where something must be. */
import { dirname, join } from 'node:path';
import { areSameStamps, areUnknown, stampsOf, type Stamps } from '../../../cache/stamps.ts';
import { pathsBelow } from '../../../cache/walk.ts';
import { Looks, type Way } from '../../../cache/ways.ts';
import type { Looked } from './reading.ts';

export class Evidence {
  /** Absolute paths whose stamps count, there or not. */
  readonly seen: Set<string>;
  /** Absolute paths of which only counts that something is there. */
  readonly present: Set<string>;
  /** By which all this was seen. */
  readonly looks: Looks;

  constructor(looks = new Looks(), known: { readonly [Kind in 'seen' | 'present']?: Iterable<string> } = {}) {
    this.looks = looks;
    this.seen = new Set(known.seen);
    this.present = new Set(known.present);
  }

  /** What lies at a path, with every link that leads there: of a folder, that the same names are in it. */
  path(path: string): Way {
    const way = this.looks.way(path);
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
    const { places, end, exists } = this.looks.way(path);
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

/** What a build rested on, as it has seen it. */
export interface RestedOn {
  readonly base: {
    readonly seen: readonly string[];
    /** Of what was seen. */
    readonly stamps: Stamps;
    readonly present: readonly string[];
  };
  readonly looked: readonly Looked[];
}

/** The evidence of what a build rested on; undefined while some of it is just changing. */
export function evidenceOf({ base, looked }: RestedOn): Evidence | undefined {
  if (looked.some(({ stamps }) => areUnknown(stamps))) return undefined;
  const evidence = new Evidence(new Looks(), base);
  for (const { paths } of looked) for (const path of paths) evidence.seen.add(path);
  return evidence;
}

/** Whether all that a build rested on is as the build has seen it: a folder that takes another's place has old times. */
export function isAsSeen({ base, looked }: RestedOn): boolean {
  const { stamp } = new Looks();
  return [{ paths: base.seen, stamps: base.stamps }, ...looked].every(({ paths, stamps }) =>
    areSameStamps(stampsOf(paths, stamp), stamps),
  );
}
