/** What of a query finds nothing in this project, whatever it is asked of: most likely it is misspelt. */
import { nearest } from '../load/nearest.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { QueryGraph } from '../graph/query-graph.ts';
import type { Argument, Expression } from '../graph/query/parse.ts';

/** Warnings about attributes that no target has, and about words that neither a rule nor a kind matches. */
export function doubts(expression: Expression, { nodes }: QueryGraph): Diagnostic[] {
  const all = [...nodes.values()];
  const attributes = new Set(all.flatMap((node) => node.attributes.map(([path]) => firstOf(path))));
  const kinds = new Set(all.flatMap(({ rule, kind }) => [rule, kind]));
  return [...callsOf(expression)].flatMap(({ name, args }) => {
    const [first] = args;
    if (name === 'attr' && first?.type === 'text') return unknownAttribute(first.value, attributes);
    if (name === 'kind' && first?.type === 'pattern') return unknownKind(first.value, kinds);
    return [];
  });
}

/** Of a path (`a.b[0]`) the attribute is the first part. */
function unknownAttribute(path: string, known: ReadonlySet<string>): Diagnostic[] {
  const name = firstOf(path);
  return known.has(name) ? [] : [doubt(`no target has the attribute ${name}`, name, known)];
}

/** A pattern with signs in it may mean what is not there yet. */
function unknownKind(pattern: RegExp, known: ReadonlySet<string>): Diagnostic[] {
  const word = pattern.source.replaceAll(/^\^|\$$/g, '');
  if (!/^\w+$/.test(word) || [...known].some((one) => pattern.test(one))) return [];
  return [doubt(`no rule or kind is called ${word}`, word, known)];
}

function doubt(message: string, name: string, known: ReadonlySet<string>): Diagnostic {
  const close = nearest(name, known);
  return { code: 'UNKNOWN_NAME', message, ...(close ? { hint: `did you mean ${close}?` } : {}) };
}

function firstOf(path: string): string {
  return /^[^.[]*/.exec(path)![0];
}

function* callsOf(expression: Expression): Generator<Expression & { readonly type: 'call' }> {
  switch (expression.type) {
    case 'word':
      return;
    case 'set':
      for (const member of expression.members) yield* callsOf(member);
      return;
    case 'operation':
      yield* callsOf(expression.left);
      return yield* callsOf(expression.right);
    case 'call':
      yield expression;
      for (const argument of expression.args) yield* ofArgument(argument);
  }
}

function* ofArgument(argument: Argument): Generator<Expression & { readonly type: 'call' }> {
  if (argument.type === 'expression') yield* callsOf(argument.value);
}
