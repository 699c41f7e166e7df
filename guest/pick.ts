/** Rules: parts of Debian packages. */
import { File, rule, stepModule, Tree } from 'dsmb';

const pick = stepModule<typeof import('./pick.step.ts').default>(new URL('./pick.step.ts', import.meta.url));

/** One file of a folder, as an artifact of its own; nothing runs. */
export const fileOf = rule<{ readonly folder: Tree; readonly path: string }, 'File'>({
  name: 'fileOf',
  makes: File,
  implement: ({ folder, path }) => folder.at(path, File),
});

/** Single files of packages, each under its own path; where the path is a symbolic link, the file it leads to. */
export const pickFiles = rule<{ readonly packages: Tree; readonly paths: readonly string[] }, 'Tree'>({
  name: 'pickFiles',
  makes: Tree,
  implement: ({ packages, paths }, actions) =>
    actions.step({
      mnemonic: 'PickFiles',
      module: pick,
      args: { paths },
      inputs: { packages },
      outputs: { picked: { name: 'picked', kind: Tree } },
    }).picked,
});
