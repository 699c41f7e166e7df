/** What a build with nothing to do rests on: files and folders as they are, and paths that exist or do not. */
import { existsSync, lstatSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { areUnknown } from '../../../cache/stamps.ts';
import { pathsBelow } from '../../../cache/walk.ts';
import type { PackageRequest } from '../../load/trace.ts';
import type { Looked } from './reading.ts';

export class Evidence {
  /** Absolute paths whose inode, size, mode and times count. */
  readonly seen: Set<string>;
  /** Absolute paths of which only counts that something is there. */
  readonly present: Set<string>;
  /** Absolute paths where nothing is. */
  readonly absent: Set<string>;

  constructor(known: { readonly [Kind in 'seen' | 'present' | 'absent']?: Iterable<string> } = {}) {
    this.seen = new Set(known.seen);
    this.present = new Set(known.present);
    this.absent = new Set(known.absent);
  }

  /** A file, a symlink or a folder: of a folder, that the same names are in it. */
  path(path: string): Stats | undefined {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    (stats ? this.seen : this.absent).add(path);
    return stats;
  }

  /** A file, a symlink, or a folder with all that is below it. */
  tree(path: string): void {
    if (!this.path(path)?.isDirectory()) return;
    for (const below of pathsBelow(path)) this.seen.add(below);
  }

  /** Looks whether something is at a path. */
  readonly exists = (path: string): boolean => {
    const there = existsSync(path);
    (there ? this.present : this.absent).add(path);
    return there;
  };

  /** A module, and the package.json by which Node tells what kind of module it is. */
  module(path: string): void {
    this.path(path);
    this.#nearest(dirname(path), 'package.json');
  }

  /** Where Node finds a package: the nearest node_modules that has it. */
  package({ folder, name }: PackageRequest): void {
    const found = this.#nearest(folder, join('node_modules', name));
    if (found !== undefined) this.path(join(found, 'package.json'));
  }

  /** The first of the folder and those above it that has something of this name; the nearer ones must not come to have it. */
  #nearest(folder: string, name: string): string | undefined {
    for (let at = folder; ; at = dirname(at)) {
      const path = join(at, name);
      if (this.seen.has(path) || this.path(path)) return path;
      if (at === dirname(at)) return undefined;
    }
  }
}

/** What a build rested on. */
export interface RestedOn {
  readonly base: { readonly [Kind in 'seen' | 'present' | 'absent']: Iterable<string> };
  readonly looked: readonly Looked[];
}

/** The evidence of what a build rested on; undefined while some of it is just changing. */
export function evidenceOf({ base, looked }: RestedOn): Evidence | undefined {
  if (looked.some(({ stamps }) => areUnknown(stamps))) return undefined;
  const evidence = new Evidence(base);
  for (const { paths } of looked) for (const path of paths) evidence.path(path);
  return evidence;
}
