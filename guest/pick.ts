/** Rules: parts of Debian packages. */
import { attr, File, rule, Tree } from 'dsmb';

/** One file of a folder, as an artifact of its own; nothing runs. */
export const fileOf = rule({
  name: 'fileOf',
  makes: File,
  attributes: { folder: Tree, path: attr.string },
  implement: ({ folder, path }) => folder.at(path, File),
});

/** Single files of packages, each under its own path; where the path is a symbolic link, the file it leads to. */
export const pickFiles = rule({
  name: 'pickFiles',
  makes: Tree,
  attributes: { packages: Tree, paths: attr.list(attr.string) },
  implement: ({ packages, paths }, actions) =>
    actions.step({
      mnemonic: 'PickFiles',
      module: () => import('./pick.step.ts'),
      args: { paths },
      inputs: { packages },
      outputs: { picked: Tree },
    }).picked,
});
