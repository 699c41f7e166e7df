/** The answer to a query in several forms. Arrows go as data does: from what is read to what is made of it. */
import { relative } from 'node:path';
import type { QueryGraph, QueryNode } from '../graph/query-graph.ts';
import { printableJson } from './printable.ts';

/** For programs: each node with its attributes and what it reads. */
export function toJson(nodes: readonly QueryNode[], { edges }: QueryGraph): string {
  const rows = nodes.map(({ attributes, ...node }) => ({
    ...node,
    attributes: Object.fromEntries(attributes),
    inputs: [...(edges.get(node.name) ?? [])],
  }));
  return printableJson(rows, 2);
}

/** Where a node is declared, as the start of a line. */
export function positionOf({ location }: QueryNode): string {
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

/** A graph for Graphviz. */
export function toDot(nodes: readonly QueryNode[], graph: QueryGraph): string {
  const shapes: Readonly<Record<string, string>> = { parameter: 'ellipse', source: 'note' };
  return [
    'digraph dsmb {',
    '  rankdir=LR; node [shape=box, fontname="sans-serif"];',
    ...nodes.map(
      ({ name, rule }, index) =>
        `  n${index} [label=${JSON.stringify(name)}${rule in shapes ? `, shape=${shapes[rule]}` : ''}];`,
    ),
    ...edgesAmong(nodes, graph).map(([from, to]) => `  n${to} -> n${from};`),
    '}',
  ].join('\n');
}

/** A flowchart. */
export function toMermaid(nodes: readonly QueryNode[], graph: QueryGraph): string {
  return [
    'flowchart LR',
    ...nodes.map(({ name, rule }, index) =>
      rule === 'parameter' ? `  n${index}([${JSON.stringify(name)}])` : `  n${index}[${JSON.stringify(name)}]`,
    ),
    ...edgesAmong(nodes, graph).map(([from, to]) => `  n${to} --> n${from}`),
  ].join('\n');
}
