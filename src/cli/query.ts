/** `dsmb query`: asks the target graph. */
import { existsSync } from 'node:fs';
import { join, relative, resolve as resolvePath } from 'node:path';
import { evaluate } from '../graph/query/evaluate.ts';
import { parseQuery } from '../graph/query/parse.ts';
import { badQuery } from '../graph/query/tokens.ts';
import { queryGraph, type QueryGraph, type QueryNode } from '../graph/query-graph.ts';

import { findPackages, load } from '../load/load.ts';
import { nearest } from '../load/nearest.ts';
import { fail } from '../model/diagnostic.ts';
import { parseLabel, splitLabel, type Label } from '../model/label.ts';
import { formatDiagnostic } from '../report/diagnostics.ts';
import { palette } from '../report/format.ts';
import { positionOf, toDot, toJson, toMermaid } from '../report/query-output.ts';
import { EXIT, WORKSPACE_OPTIONS, type Call, type Command } from './command.ts';
import { doubts } from './doubts.ts';
import { workspaceOf } from './project.ts';

const FORMATS: Readonly<Record<string, (nodes: readonly QueryNode[], graph: QueryGraph) => string>> = {
  label: (nodes) => nodes.map(({ name }) => name).join('\n'),
  json: toJson,
  location: (nodes) => nodes.map((node) => `${positionOf(node)}${node.rule} ${node.name}`).join('\n'),
  dot: toDot,
  mermaid: toMermaid,
};

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
  const found = evaluate(expression, {
    edges: graph.edges,
    resolve: (word, position) => resolve(graph, { root, text }, word, position),
    kinds: (name) => kindsOf(graph, name),
    attribute: (name, attribute) => valuesOf(graph, name, attribute),
    tests: (name) => graph.nodes.get(name)?.tests ?? [],
  });
  for (const warning of doubts(expression, graph))
    process.stderr.write(`${formatDiagnostic(warning, palette(process.stderr), 'warning')}\n`);
  const nodes = [...found].map((name) => graph.nodes.get(name)!);
  const lines = FORMATS[call.text('output') ?? 'label']!(nodes, graph);
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

interface Asked {
  readonly root: string;
  readonly text: string;
}

/** A pattern, a label, the name of a parameter, or the path of a source or of something in a source folder. */
function resolve(graph: QueryGraph, { root, text }: Asked, word: string, position: number): string[] {
  const below = /^\/\/(?:(.+)\/)?\.\.\.$/.exec(word);
  if (below) return labelsBelow(graph, below[1] ?? '');
  const names = [word, word.replace(/^\.\//, ''), `param:${word}`];
  const name = names.find((one) => graph.nodes.has(one)) ?? labelOf(word);
  if (name !== undefined && graph.nodes.has(name)) return [name];
  const folders = foldersWith(graph, root, word);
  if (folders.length > 0) return folders;
  const close = nearest(word, graph.nodes.keys()) ?? (name && nearest(name, graph.nodes.keys()));
  return badQuery(
    text,
    position,
    `there is no target, parameter or source file '${word}'`,
    close ? `did you mean ${close}?` : 'dsmb list',
  );
}

/** The source folders that hold a file. */
function foldersWith({ nodes }: QueryGraph, root: string, word: string): string[] {
  const path = relative(root, resolvePath(root, word));
  if (!existsSync(join(root, path))) return [];
  return [...nodes.values()].flatMap(({ name, rule }) =>
    rule === 'source' && path.startsWith(`${name}/`) ? [name] : [],
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
