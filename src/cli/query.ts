/** `dsmb query`: asks the target graph. */
import { relative } from 'node:path';
import { evaluate } from '../graph/query/evaluate.ts';
import { parseQuery } from '../graph/query/parse.ts';
import { badQuery } from '../graph/query/tokens.ts';
import { queryGraph, type QueryGraph, type QueryNode } from '../graph/query-graph.ts';
import { findPackages, load } from '../load/load.ts';
import { nearest } from '../load/nearest.ts';
import { fail } from '../model/diagnostic.ts';
import { parseLabel, splitLabel, type Label } from '../model/label.ts';
import { EXIT, WORKSPACE_OPTIONS, type Call, type Command } from './command.ts';
import { workspaceOf } from './project.ts';

export const query: Command = {
  name: 'query',
  summary: 'ask the target graph',
  usage: `'EXPRESSION' [--output label|json|location|dot|mermaid]`,
  examples: [
    [`dsmb query 'deps(//cloudTarball)'`, 'all that a target is made of: targets, parameters, source files'],
    [`dsmb query 'rdeps(//..., mac)'`, 'all that depends on a parameter, a file or a target'],
    [`dsmb query 'somepath(//cloudTarball, mac)'`, 'why one thing depends on another'],
    [`dsmb query 'kind(step|Disk, //...) - deps(//cloudTarball)'`, 'by rule or kind of artifact, without some'],
    [
      `dsmb query 'attr(timeout, "^0$", //...)' --output location`,
      'by the value of an attribute; where it is declared',
    ],
    [`dsmb query 'tests(deps(//cloudTarball))'`, 'what checks it'],
  ],
  options: {
    workspace: WORKSPACE_OPTIONS['workspace']!,
    output: { type: 'string', value: 'FORMAT', help: 'label (default), json, location, dot or mermaid' },
  },
  run: runQuery,
};

const FORMATS: Readonly<Record<string, (nodes: readonly QueryNode[], graph: QueryGraph) => string>> = {
  label: (nodes) => nodes.map(({ name }) => name).join('\n'),
  json: (nodes, { edges }) =>
    JSON.stringify(
      nodes.map(({ attributes, ...node }) => ({
        ...node,
        attributes: Object.fromEntries(attributes),
        inputs: [...(edges.get(node.name) ?? [])],
      })),
      null,
      2,
    ),
  location: (nodes) => nodes.map((node) => `${positionOf(node)}${node.rule} ${node.name}`).join('\n'),
  dot: (nodes, graph) => toDot(nodes, graph),
  mermaid: (nodes, graph) => toMermaid(nodes, graph),
};

async function runQuery(call: Call): Promise<number> {
  const text = call.operands.join(' ');
  if (text === '') fail('USAGE', 'dsmb query needs an expression', { hint: `dsmb query 'deps(//cloudTarball)'` });
  const output = call.text('output') ?? 'label';
  const format = Object.hasOwn(FORMATS, output) ? FORMATS[output] : undefined;
  if (!format)
    fail('USAGE', `--output: '${output}' is not known`, { hint: `--output ${Object.keys(FORMATS).join('|')}` });
  const expression = parseQuery(text, (name, known) => nearest(name, known));
  const root = workspaceOf(call);
  const graph = queryGraph(await load(root, findPackages(root)), root);
  const found = evaluate(expression, {
    edges: graph.edges,
    resolve: (word, position) => resolve(graph, text, word, position),
    kinds: (name) => kindsOf(graph, name),
    attribute: (name, attribute) => valuesOf(graph, name, attribute),
    tests: (name) => graph.nodes.get(name)?.tests ?? [],
  });
  const lines = format(
    [...found].map((name) => graph.nodes.get(name)!),
    graph,
  );
  if (lines !== '') console.log(lines);
  return EXIT.ok;
}

function kindsOf({ nodes }: QueryGraph, name: string): string[] {
  const { rule, kind } = nodes.get(name)!;
  return [rule, kind];
}

function valuesOf({ nodes }: QueryGraph, name: string, attribute: string): string[] {
  return nodes
    .get(name)!
    .attributes.filter(
      ([path]) => path === attribute || (path.startsWith(attribute) && '.['.includes(path[attribute.length]!)),
    )
    .map(([, text]) => text);
}

/** A pattern, a label, the name of a parameter, or the path of a source. */
function resolve(graph: QueryGraph, query: string, word: string, position: number): string[] {
  const below = /^\/\/(?:(.+)\/)?\.\.\.$/.exec(word);
  if (below) return labelsBelow(graph, below[1] ?? '');
  const names = [word, word.replace(/^\.\//, ''), `param:${word}`];
  const name = names.find((one) => graph.nodes.has(one)) ?? labelOf(word);
  if (name !== undefined && graph.nodes.has(name)) return [name];
  const close = nearest(word, graph.nodes.keys()) ?? (name && nearest(name, graph.nodes.keys()));
  return badQuery(
    query,
    position,
    `there is no target, parameter or source file '${word}'`,
    close ? `did you mean ${close}?` : 'dsmb list',
  );
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

function positionOf({ location }: QueryNode): string {
  return location ? `${relative(process.cwd(), location.file)}:${location.line}:${location.column}: ` : '';
}

function edgesAmong(nodes: readonly QueryNode[], { edges }: QueryGraph): [from: number, to: number][] {
  const numbers = new Map(nodes.map(({ name }, index) => [name, index]));
  return nodes.flatMap(({ name }, from) =>
    [...(edges.get(name) ?? [])].flatMap((one): [number, number][] => {
      const to = numbers.get(one);
      return to === undefined ? [] : [[from, to]];
    }),
  );
}

function toDot(nodes: readonly QueryNode[], graph: QueryGraph): string {
  const shapes: Readonly<Record<string, string>> = { parameter: 'ellipse', source: 'note' };
  return [
    'digraph dsmb {',
    '  rankdir=LR; node [shape=box, fontname="sans-serif"];',
    ...nodes.map(
      ({ name, rule }, index) =>
        `  n${index} [label=${JSON.stringify(name)}${rule in shapes ? `, shape=${shapes[rule]}` : ''}];`,
    ),
    ...edgesAmong(nodes, graph).map(([from, to]) => `  n${from} -> n${to};`),
    '}',
  ].join('\n');
}

function toMermaid(nodes: readonly QueryNode[], graph: QueryGraph): string {
  return [
    'flowchart LR',
    ...nodes.map(({ name, rule }, index) =>
      rule === 'parameter' ? `  n${index}([${JSON.stringify(name)}])` : `  n${index}[${JSON.stringify(name)}]`,
    ),
    ...edgesAmong(nodes, graph).map(([from, to]) => `  n${from} --> n${to}`),
  ].join('\n');
}
