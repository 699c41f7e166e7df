/** What the end of a query may become: labels, parameters, files, functions, kinds, attributes, as its place asks for. */
import { expectedAtEnd, type Expected } from '../graph/query/expected.ts';
import { FUNCTIONS, OPERATORS } from '../graph/query/parse.ts';
import { queryGraph, type QueryGraph } from '../graph/query-graph.ts';
import type { Loaded } from '../load/load.ts';
import type { Candidate } from './candidate.ts';

/** Candidates for the whole text of a query. */
export function queryCandidates(query: string, loaded: Loaded, root: string): Candidate[] {
  const expected = expectedAtEnd(query);
  if (!expected) return [];
  const graph = queryGraph(loaded, root);
  return wordsFor(expected, graph).map(({ word, remark }) => ({
    word: `${expected.before}${word}`,
    ...(remark === undefined ? {} : { remark }),
  }));
}

function wordsFor({ what, function: of, after }: Expected, graph: QueryGraph): Candidate[] {
  const ended = (words: Iterable<string>): Candidate[] =>
    [...new Set(words)].map((word) => ({ word: `${word}${after}` }));
  const nodes = [...graph.nodes.values()];
  switch (what) {
    case 'expression':
      return [
        ...nodes.map(({ name, rule }) => ({ word: `${name.replace(/^param:/, '')}${after}`, remark: rule })),
        ...ended(patterns(graph)),
        ...Object.keys(FUNCTIONS).map((name) => ({ word: `${name}(`, remark: 'function' })),
      ];
    case 'operator':
      return ended(Object.keys(OPERATORS).filter((name) => /^\w/.test(name)));
    case 'text':
      return ended(
        nodes.flatMap(({ attributes }) => attributes.map(([path]) => /^[^.[]*/.exec(path)![0])).filter(Boolean),
      );
    case 'pattern':
      return of === 'kind'
        ? ended(nodes.flatMap(({ rule, kind }) => [rule, kind]).filter((name) => /^\w+$/.test(name)))
        : [];
    case 'depth':
      return [];
  }
}

function patterns({ nodes }: QueryGraph): string[] {
  const packages = new Set([...nodes.keys()].flatMap((name) => /^\/\/(.+):/.exec(name)?.[1] ?? []));
  return ['//...', ...[...packages].map((name) => `//${name}/...`)];
}
