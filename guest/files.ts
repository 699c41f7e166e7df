/** Rules: a folder put together from single files, and a file from a text; no process runs. */
import { File, rule, Tree } from 'dsmb';

/** A folder: path to file. */
export const tree = rule<{ readonly files: Readonly<Record<string, File>> }, 'Tree'>({
  name: 'tree',
  makes: Tree,
  implement: ({ files }, actions) => actions.compose(Tree, files),
});

/** A file with this content. */
export const textFile = rule<{ readonly name: string; readonly content: string }, 'File'>({
  name: 'textFile',
  makes: File,
  implement: ({ name, content }, actions) => actions.write({ name, kind: File }, content),
});
