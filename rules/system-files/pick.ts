/** Rules: parts of Debian packages. */
import { attr, File, rule, Toolchain, Tree } from 'dsmb';

/** One file of a folder, as an artifact of its own; nothing runs. */
export const fileOf = rule({
  name: 'fileOf',
  makes: File,
  attributes: { folder: Tree, path: attr.string },
  implement: ({ folder, path }) => folder.at(path, File),
});

/** Programs of packages, each under its own path, with the libraries that they need in `usr/lib/x86_64-linux-gnu`. */
export const pickPrograms = rule({
  name: 'pickPrograms',
  makes: Tree,
  attributes: {
    packages: attr.oneOf(Tree, Toolchain),
    programs: attr.list(attr.string),
    /** A folder that this one is laid over: libraries that it has are not taken again. */
    over: attr.optional(Tree),
  },
  implement: ({ packages, programs, over }, actions) =>
    actions.step({
      mnemonic: 'PickPrograms',
      module: () => import('./pick.step.ts'),
      args: { programs },
      inputs: over ? { packages, over } : { packages },
      outputs: { picked: Tree },
    }).picked,
});
