/** Unpacks a set of .deb files into one tree. */
import { debField, openDeb, type OpenDeb } from './deb.ts';
import { MergedTree } from './merged-tree.ts';
import { debFile, type Package } from './packages.ts';
import type { TreeSink } from './tree-sink.ts';

/** Files read ahead, so that the start of a program does not cost once a package. */
const READ_AHEAD = 4;

/** What no program of a toolchain reads. */
const LEFT_OUT = /^usr\/share\/(doc|doc-base|man|info|locale|lintian|bug|gtk-doc|help)(\/|$)/;

/**
 * Links that a package's scripts make with update-alternatives, best first. Scripts are never run; `lzma` and the
 * like call xz under its other names.
 */
const ALTERNATIVES: readonly (readonly [path: string, target: string])[] = [
  ['usr/bin/sh', 'dash'],
  ['usr/bin/awk', 'gawk'],
  ['usr/bin/awk', 'mawk'],
  ['usr/bin/awk', 'original-awk'],
  ['usr/bin/cc', 'gcc'],
  ['usr/bin/c++', 'g++'],
  ['usr/bin/c99', 'c99-gcc'],
  ['usr/bin/lzma', 'xz'],
  ['usr/bin/unlzma', 'unxz'],
  ['usr/bin/lzcat', 'xzcat'],
  ['usr/bin/which', 'which.debianutils'],
  ['usr/bin/yacc', 'bison.yacc'],
  ['usr/bin/nc', 'nc.openbsd'],
  ['usr/bin/nc', 'nc.traditional'],
];

/** Options of `unpackSet`. */
export interface UnpackOptions {
  /** The folder that `fetchPackages` fetched into. */
  readonly cache: string;
  /** As a toolchain: documentation and translations left out, alternatives linked. /usr is merged in any case. */
  readonly asRoot: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: ((packagesDone: number, packages: number) => void) | undefined;
}

/** Unpacks fetched packages, in the order given, into the sink. */
export async function unpackSet(packages: readonly Package[], sink: TreeSink, options: UnpackOptions): Promise<void> {
  const { cache, asRoot, signal, progress } = options;
  const tree = new MergedTree(sink, {
    leaveOut: (path) => asRoot && LEFT_OUT.test(path),
    replaces: (winner, loser) => replaces(debFile(cache, winner), loser.name),
  });
  const open: OpenDeb[] = [];
  try {
    for (const [index, each] of packages.entries()) {
      while (open.length < READ_AHEAD && index + open.length < packages.length) {
        const next = packages[index + open.length]!;
        open.push(openDeb(debFile(cache, next), next.name));
      }
      for await (const entry of open[0]!.entries) {
        signal?.throwIfAborted();
        await tree.add(entry, each);
      }
      open.shift();
      progress?.(index + 1, packages.length);
    }
  } finally {
    for (const each of open) each.close();
  }
  tree.addUsrLinks();
  if (asRoot) for (const [path, target] of ALTERNATIVES) tree.addMissingLink(path, target);
}

/** Whether a package declares that it takes over files of another. */
async function replaces(file: string, other: string): Promise<boolean> {
  const names = (await debField(file, 'Replaces')).split(',').map((entry) => entry.trim().split(/[ (:]/)[0]);
  return names.includes(other);
}
