/** The value of a query: a set of nodes of the graph. */
import type { Edges } from '../edges.ts';
import { reverse } from '../edges.ts';
import { allPaths, somePath } from '../paths.ts';
import { reach } from '../reach.ts';
import type { Argument, Expression } from './parse.ts';

/** What a query is asked of. */
export interface Queried {
  /** From each node to what it is made of. */
  readonly edges: Edges;
  /** The nodes that a word stands for. Throws where there are none. */
  readonly resolve: (word: string, position: number) => Iterable<string>;
  /** The rule and the kind of a node, as `kind` compares them. */
  readonly kinds: (node: string) => readonly string[];
  /** The values of an attribute as text, with those below it. */
  readonly attribute: (node: string, name: string) => readonly string[];
  /** The targets that check a node. */
  readonly tests: (node: string) => readonly string[];
}

/** Evaluates; the order is that of the graph, and for `somepath` that of the path. */
export function evaluate(expression: Expression, of: Queried): ReadonlySet<string> {
  switch (expression.type) {
    case 'word':
      return new Set(of.resolve(expression.text, expression.position));
    case 'set':
      return new Set(expression.members.flatMap((member) => [...evaluate(member, of)]));
    case 'operation': {
      const left = evaluate(expression.left, of);
      const right = evaluate(expression.right, of);
      if (expression.operator === 'union') return left.union(right);
      return expression.operator === 'except' ? left.difference(right) : left.intersection(right);
    }
    case 'call':
      return call(expression, of);
  }
}

function call({ name, args }: Expression & { type: 'call' }, of: Queried): ReadonlySet<string> {
  const sets = args.filter(({ type }) => type === 'expression').map((one) => evaluate(one.value as Expression, of));
  const [first = new Set<string>(), second = new Set<string>()] = sets;
  const depth = depthOf(args);
  switch (name) {
    case 'deps':
      return reach(of.edges, first, { depth });
    case 'rdeps':
      return reach(reverse(of.edges), second, { depth, within: reach(of.edges, first) });
    case 'allpaths':
      return allPaths(of.edges, first, second);
    case 'somepath':
      return new Set(somePath(of.edges, first, second));
    case 'kind':
      return matching(first, args, of.kinds);
    case 'filter':
      return matching(first, args, (node) => [node]);
    case 'attr':
      return matching(first, args, (node) => of.attribute(node, textOf(args)));
    case 'tests':
      return new Set([...first].flatMap((node) => of.tests(node)));
  }
}

/** The nodes of which one of the texts matches the pattern somewhere. */
function matching(
  nodes: ReadonlySet<string>,
  args: readonly Argument[],
  texts: (node: string) => readonly string[],
): Set<string> {
  const pattern = args.find(({ type }) => type === 'pattern')!.value as RegExp;
  return new Set([...nodes].filter((node) => texts(node).some((text) => pattern.test(text))));
}

function depthOf(args: readonly Argument[]): number {
  const depth = args.find(({ type }) => type === 'depth');
  return depth ? (depth.value as number) : Infinity;
}

function textOf(args: readonly Argument[]): string {
  return args.find(({ type }) => type === 'text')!.value as string;
}
