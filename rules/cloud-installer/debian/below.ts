/** Rule: a folder as a part of another one. */
import { attr, rule, Tree } from 'dsmb';

export const below = rule({
  name: 'below',
  makes: Tree,
  attributes: { path: attr.string, folder: Tree },
  implement: ({ path, folder }, actions) => actions.compose(Tree, { [path]: folder }),
});
