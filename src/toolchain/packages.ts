/** The words of this folder: a set of Debian packages as it is declared, and a package as it is locked. */
import { join } from 'node:path';
import { sortByCodePoint } from '../step/order.ts';

/** A set as a build file declares it. */
export interface PackageSet {
  /** Names, as `apt-get install` takes them. */
  readonly packages: readonly string[];
  /** With all that the packages depend on (never Recommends) and a shell; otherwise the named packages alone. */
  readonly closure: boolean;
}

/** What of a package's control file decides what is installed with it, under the names that Debian's lists use. */
export const CONTROL_FIELDS = [
  ...(['Source', 'Essential', 'Priority', 'Multi-Arch', 'Pre-Depends', 'Depends'] as const),
  ...(['Provides', 'Conflicts', 'Breaks', 'Replaces'] as const),
] as const;

/** The fields that a package has, each on one line. */
export type Control = Readonly<Partial<Record<(typeof CONTROL_FIELDS)[number], string>>>;

/** One Debian package, pinned. */
export interface Package {
  readonly name: string;
  readonly version: string;
  /** `amd64` or `all`. */
  readonly architecture: string;
  /** Path in a repository's pool, without the host. */
  readonly filename: string;
  /** Bytes of the .deb file. */
  readonly size: number;
  /** Lower-case hex, of the .deb file. */
  readonly sha256: string;
  /** What resolving another set with it needs; absent from a lock of version 1. */
  readonly control?: Control;
}

/**
 * What every closure holds although nothing pulls it in: programs run `sh` and the core utilities without a
 * dependency (they are essential in Debian), and `libc-bin` has the locale C.UTF-8.
 */
export const BASE_PACKAGES: readonly string[] = ['coreutils', 'dash', 'libc-bin'];

/** The name of a set: `closure: dosfstools mtools`. The order in which packages were written plays no part. */
export function setKey(set: PackageSet): string {
  const names = sortByCodePoint(new Set(set.packages));
  return `${set.closure ? 'closure' : 'packages'}: ${names.join(' ')}`;
}

/** The name of a pinned package: `mtools=4.0.32-1`. */
export function packageKey({ name, version }: Pick<Package, 'name' | 'version'>): string {
  return `${name}=${version}`;
}

/** Where the .deb file of a package is kept. */
export function debFile(cache: string, of: Package): string {
  return join(cache, 'debs', `${of.sha256}.deb`);
}
