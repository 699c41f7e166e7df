/** Rules: a folder put together from single files, and a file from a text; no process runs. */
import { attr, File, rule, Tree } from 'dsmb';

/** A folder: path to file. */
export const tree = rule({
  name: 'tree',
  makes: Tree,
  attributes: { files: attr.record(File) },
  implement: ({ files }, actions) => actions.compose(Tree, files),
});

/** A file with this content. */
export const textFile = rule({
  name: 'textFile',
  makes: File,
  attributes: { name: attr.string, content: attr.string },
  implement: ({ name, content }, actions) => actions.write({ name, kind: File }, content),
});
