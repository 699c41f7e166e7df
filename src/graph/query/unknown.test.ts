/** Which words of a query are probably mistyped. */
import { expect, it } from 'vitest';
import type { QueryNode } from '../query-graph.ts';
import { parseQuery } from './parse.ts';
import { unknownWords } from './unknown.ts';

const node = (rule: string, kind: string, ...attributes: [string, string][]): QueryNode => ({
  name: `//${rule}`,
  rule,
  kind,
  location: undefined,
  attributes,
  tests: [],
});
const NODES = [node('disk', 'Disk', ['parts[0].name', 'x'], ['of', '[]']), node('source', 'File')];

it.each([
  ['kind(disk, //...)', []],
  ['kind("^Dis", //...)', []],
  ['kind("^Dis$", //...)', ['kind Dis @5']],
  ['kind("disc|File|tree", //...)', ['kind disc @5', 'kind tree @5']],
  ['kind("d.s[c]|(tree)", //...)', []],
  ['kind(parameter, //...) + kind(Runnable, //...)', []],
  ['attr(of, "", attr("parts", "", attr("parts[0].name", "", //...)))', []],
  ['attr(on, "", set(a)) + deps(kind(disc, a))', ['attribute on @5', 'kind disc @33']],
])('in %s: %j', (query, expected) => {
  const found = unknownWords(parseQuery(query), NODES).map(
    ({ type, word, position }) => `${type} ${word} @${position}`,
  );
  expect(found).toEqual(expected);
});
