/** `dsmb query`: asks the target graph. */
import { evaluate } from '../graph/query/evaluate.ts';
import { parseQuery } from '../graph/query/parse.ts';
import { unknownWords } from '../graph/query/unknown.ts';
import { queryGraph, type QueryGraph, type QueryNode } from '../graph/query-graph.ts';
import { findPackages, load } from '../load/load.ts';
import { nearest } from '../load/nearest.ts';
import { fail } from '../model/diagnostic.ts';
import { formatDiagnostic } from '../report/diagnostics.ts';
import { palette } from '../report/format.ts';
import { positionOf, toDot, toJson, toMermaid } from '../report/query-output.ts';
import { WORKSPACE_OPTIONS, type Call, type Command } from './command.ts';
import { EXIT } from './exit.ts';
import { workspaceOf } from './request.ts';
import { nodesOf, unknownWord, type Dictionary } from './query-words.ts';
import { printLine } from '../report/print.ts';

const FORMATS: Readonly<Record<string, (nodes: readonly QueryNode[], graph: QueryGraph) => string>> = {
  label: (nodes) => nodes.map(({ name }) => name).join('\n'),
  json: toJson,
  location: (nodes) => nodes.map((node) => `${positionOf(node)}${node.rule} ${node.name}`).join('\n'),
  dot: toDot,
  mermaid: toMermaid,
};

export const query: Command = {
  name: 'query',
  summary: 'query the target graph',
  usage: `'EXPRESSION' [--output label|json|location|dot|mermaid]`,
  examples: [
    [`dsmb query 'deps(//cloudTarball)'`, 'everything a target depends on: targets, parameters, source files'],
    [`dsmb query 'rdeps(//..., mac)'`, 'everything that depends on a parameter, a file or a target'],
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
    output: {
      type: 'string',
      value: 'FORMAT',
      values: Object.keys(FORMATS),
      help: 'label (default), json, location, dot or mermaid',
    },
  },
  run: runQuery,
};

async function runQuery(call: Call): Promise<number> {
  const text = call.operands.join(' ');
  if (text === '') fail('USAGE', 'dsmb query needs an expression', { hint: `dsmb query 'deps(//cloudTarball)'` });
  const expression = parseQuery(text, (name, known) => nearest(name, known));
  const root = workspaceOf(call);
  const graph = queryGraph(await load(root, findPackages(root)), root);
  const dictionary: Dictionary = { graph, root, query: text };
  const found = evaluate(expression, {
    edges: graph.edges,
    resolve: (word, position) => nodesOf(dictionary, word, position),
    kinds: (name) => kindsOf(graph, name),
    attribute: (name, attribute) => valuesOf(graph, name, attribute),
    tests: (name) => graph.nodes.get(name)?.tests ?? [],
  });
  for (const unknown of unknownWords(expression, graph.nodes.values()))
    printLine(formatDiagnostic(unknownWord(dictionary, unknown), palette(process.stderr), 'warning'), process.stderr);
  const nodes = [...found].map((name) => graph.nodes.get(name)!);
  const lines = FORMATS[call.text('output') ?? 'label']!(nodes, graph);
  if (lines !== '') printLine(lines);
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
