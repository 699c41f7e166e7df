/** Words of a query that nothing in the graph has: a pattern may match nothing, a plain word is more likely mistyped. */
import * as KINDS from '../../model/kinds.ts';
import type { QueryNode } from '../query-graph.ts';
import type { Argument, Expression } from './parse.ts';

/** A word that is probably mistyped. */
export interface Unknown {
  readonly word: string;
  /** From 0, in the query. */
  readonly position: number;
  readonly type: 'attribute' | 'kind';
  /** What there is. */
  readonly known: readonly string[];
}

/** They exist whether or not a project has one. */
const ALWAYS = ['parameter', 'source', ...Object.values(KINDS).map(({ name }) => name)];

/** Names of attributes and of kinds that no node has, in the order of the query. */
export function unknownWords(expression: Expression, nodes: Iterable<QueryNode>): Unknown[] {
  const all = [...nodes];
  const kinds = new Set([...all.flatMap(({ rule, kind }) => [rule, kind]), ...ALWAYS]);
  const attributes = new Set(all.flatMap((node) => node.attributes.flatMap(([path]) => prefixesOf(path))));
  return callsIn(expression).flatMap(({ name, args }) => {
    if (name === 'attr') return args.flatMap((one) => unknownAttribute(one, attributes));
    return name === 'kind' ? args.flatMap((one) => unknownKinds(one, kinds)) : [];
  });
}

function unknownAttribute(argument: Argument, known: ReadonlySet<string>): Unknown[] {
  if (argument.type !== 'text' || known.has(argument.value)) return [];
  const { value: word, position } = argument;
  return [{ word, position, type: 'attribute', known: [...known] }];
}

/** The alternatives of a pattern that are words. */
function unknownKinds(argument: Argument, known: ReadonlySet<string>): Unknown[] {
  if (argument.type !== 'pattern') return [];
  const { value, position } = argument;
  return value.source.split('|').flatMap((alternative): Unknown[] => {
    const [, word] = /^\^?(\w+)\$?$/.exec(alternative) ?? [];
    if (word === undefined || [...known].some((one) => new RegExp(alternative, 'u').test(one))) return [];
    return [{ word, position, type: 'kind', known: [...known] }];
  });
}

/** `a`, `a.b` and `a.b[0]` of `a.b[0]`. */
function prefixesOf(path: string): string[] {
  return [...path.matchAll(/[.[]|$/g)].map(({ index }) => path.slice(0, index));
}

function callsIn(expression: Expression): (Expression & { type: 'call' })[] {
  switch (expression.type) {
    case 'word':
      return [];
    case 'set':
      return expression.members.flatMap(callsIn);
    case 'operation':
      return [...callsIn(expression.left), ...callsIn(expression.right)];
    case 'call': {
      const inner = expression.args.flatMap((one) => (one.type === 'expression' ? callsIn(one.value) : []));
      return [expression, ...inner];
    }
  }
}
