/** The rules that need the engine: source files and Debian packages. They declare no action. */
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fail, type Location } from './diagnostic.ts';
import { File, Toolchain, Tree } from './kinds.ts';
import type { Kind } from './kind.ts';
import { callSite } from './call-site.ts';
import type { AnyRule } from './rule.ts';
import type { Target } from './target.ts';

/** Attributes of a source: an absolute path, resolved against the file that declares it. */
export interface SourceAttributes {
  readonly path: string;
  /** The folder of the declaring file, and the path as written; for messages. */
  readonly written: string;
}

/** Attributes of a set of Debian packages. */
export interface DebianAttributes {
  /** Names, as `apt-get install` takes them. */
  readonly packages: readonly string[];
  /** Follow Depends and Pre-Depends (never Recommends). */
  readonly closure: boolean;
  /** The .deb files, not what is in them. */
  readonly archives?: true;
}

function engineRule(name: string, makes: Kind): AnyRule {
  return { name, makes, implement: () => fail('INTERNAL', `${name} is resolved by the engine`) };
}

/** The engine recognises its own rules by identity. */
export const sourceFileRule = engineRule('file', File);
export const sourceFolderRule = engineRule('folder', Tree);
export const debianRule = engineRule('debianPackages', Tree);

/** A file beside the build file (or below it), by relative path or `file:` URL; a part of keys by its content. */
export function file(path: string | URL): File;
export function file<Name extends string>(path: string | URL, as: Kind<Name>): Target<Name>;
export function file(path: string | URL, as: Kind = File): Target {
  return source(sourceFileRule, path, as);
}

/** A folder beside the build file with all that is in it; a part of keys by its content. */
export function folder(path: string | URL): Tree;
export function folder<Name extends string>(path: string | URL, as: Kind<Name>): Target<Name>;
export function folder(path: string | URL, as: Kind = Tree): Target {
  return source(sourceFolderRule, path, as);
}

function source(rule: AnyRule, path: string | URL, as: Kind): Target {
  const location = callSite(3);
  const attributes = { path: absolutePath(path, location), written: String(path) };
  return { type: 'target', kind: as, rule, attributes, validations: [], location };
}

/** A text is a path, whatever characters it has; only what begins with `file:` is a URL. */
function absolutePath(path: string | URL, location: Location | undefined): string {
  if (typeof path !== 'string' || path.startsWith('file:')) return fileURLToPath(path);
  return resolve(dirname(location?.file ?? '/'), path);
}

/** Locked Debian packages with all they depend on, unpacked, as a toolchain for actions. */
export function toolchain(...packages: string[]): Toolchain {
  return debian(Toolchain, { packages, closure: true });
}

/** The content of locked Debian packages alone (no dependencies), as an input. */
export function debianPackages(...packages: string[]): Tree {
  return debian(Tree, { packages, closure: false });
}

/** Locked Debian packages with all they depend on as they are: a folder of `.deb` files, for `dpkg` to install. */
export function debianArchives(...packages: string[]): Tree {
  return debian(Tree, { packages, closure: true, archives: true });
}

function debian<Name extends string>(as: Kind<Name>, attributes: DebianAttributes): Target<Name> {
  return {
    type: 'target',
    kind: as,
    rule: debianRule,
    attributes: { ...attributes },
    validations: [],
    location: callSite(3),
  };
}
