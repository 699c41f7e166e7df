/** What a build with nothing to do rests on: files and folders as they are, and paths that exist or do not. */
import { existsSync, lstatSync, readdirSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import type { PackageRequest } from '../../load/trace.ts';

export class Evidence {
  /** Absolute paths whose inode, size, mode and times count. */
  readonly seen = new Set<string>();
  /** Absolute paths of which only counts that something is there. */
  readonly present = new Set<string>();
  /** Absolute paths where nothing is. */
  readonly absent = new Set<string>();

  /** A file, a symlink or a folder: of a folder, that the same names are in it. */
  path(path: string): Stats | undefined {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    (stats ? this.seen : this.absent).add(path);
    return stats;
  }

  /** A file, a symlink, or a folder with all that is below it. */
  tree(path: string): void {
    if (!this.path(path)?.isDirectory()) return;
    for (const entry of readdirSync(path, { withFileTypes: true, recursive: true }))
      this.seen.add(join(entry.parentPath, entry.name));
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
