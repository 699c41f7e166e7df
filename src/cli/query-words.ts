/** What the words of a query stand for, and what is said of those that stand for nothing. */
import { existsSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { badQuery } from '../graph/query/tokens.ts';
import type { Unknown } from '../graph/query/unknown.ts';
import type { QueryGraph } from '../graph/query-graph.ts';
import { nearest } from '../load/nearest.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { parseLabel, splitLabel, type Label } from '../model/label.ts';

const MAX_LISTED = 20;

/** Where words are looked up. */
export interface Dictionary {
  readonly graph: QueryGraph;
  /** Of the workspace: paths are relative to it, or to the folder that the user is in. */
  readonly root: string;
  /** The whole query, for messages. */
  readonly query: string;
}

/** The nodes that a word stands for: a pattern, a label, the name of a parameter, the path of a source or in one. */
export function nodesOf(dictionary: Dictionary, word: string, position: number): string[] {
  const { graph, query } = dictionary;
  const below = /^\/\/(?:(.+)\/)?\.\.\.$/.exec(word);
  if (below) return labelsBelow(graph, below[1] ?? '');
  const name = [word, `param:${word}`, labelOf(word)].find((one) => one !== undefined && graph.nodes.has(one));
  if (name !== undefined && graph.nodes.get(name)!.rule !== 'source') return [name];
  const sources = sourcesWith(dictionary, word);
  if (sources.length > 0) return sources;
  return badQuery(query, position, `there is no target, parameter or source file '${word}'`, suggestion(graph, word));
}

/** What to say of a word that nothing has. It may be right: a rule may have an attribute that no target gives. */
export function unknownWord({ query }: Dictionary, { word, position, type, known }: Unknown): Diagnostic {
  const close = nearest(word, known);
  const listed = known.filter((one) => !/[.[]/.test(one)).slice(0, MAX_LISTED);
  return {
    code: type === 'kind' ? 'UNKNOWN_KIND' : 'UNKNOWN_ATTRIBUTE',
    message:
      type === 'kind'
        ? `nothing in this project has the rule or kind '${word}'`
        : `no target of this project is given an attribute '${word}'`,
    detail: `${query}\n${' '.repeat(position)}^`,
    hint: close ? `did you mean ${close}?` : `known: ${listed.join(', ')}`,
  };
}

/** The source at a path, and the folders that it lies in. */
function sourcesWith({ graph, root }: Dictionary, word: string): string[] {
  const sources = [...graph.nodes.values()].filter(({ rule }) => rule === 'source');
  for (const folder of [root, process.cwd()]) {
    const path = resolve(folder, word);
    const found = sources.filter(({ location }) => location!.file === path || isIn(path, location!.file));
    if (found.length > 0) return found.map(({ name }) => name);
  }
  return [];
}

function isIn(path: string, folder: string): boolean {
  const below = relative(folder, path);
  return below !== '' && !/^\.\.(\/|$)/.test(below) && existsSync(path);
}

function suggestion({ nodes }: QueryGraph, word: string): string {
  const parameters = [...nodes.keys()].filter((name) => name.startsWith('param:'));
  const names = [...nodes.keys(), ...parameters.map((name) => name.slice('param:'.length))];
  const close = nearest(word, names) ?? nearest(labelOf(word) ?? word, names);
  return close ? `did you mean ${close}?` : 'dsmb list';
}

function labelOf(word: string): Label | undefined {
  try {
    return parseLabel(word);
  } catch {
    return undefined;
  }
}

function labelsBelow({ nodes }: QueryGraph, folder: string): string[] {
  return [...nodes.keys()].filter((name) => {
    if (!name.startsWith('//')) return false;
    const { packageName } = splitLabel(name as Label);
    return folder === '' || packageName === folder || packageName.startsWith(`${folder}/`);
  });
}
