/** The target graph: what is in it, and its drawing. */
import { describe, expect, it } from 'vitest';
import { attr } from '../model/attribute.ts';
import { File } from '../model/kinds.ts';
import { label, type Label } from '../model/label.ts';
import { param } from '../model/parameter.ts';
import { rule } from '../model/rule.ts';
import type { FileParameter, Parameter, Target } from '../model/target.ts';
import { targetGraph, toMermaid } from './target-graph.ts';

const thing = rule({
  name: 'thing',
  makes: File,
  attributes: { of: attr.optional(attr.data<unknown>()) },
  implement: () => {
    throw new Error('the graph runs no rule');
  },
});

const size = param.integer({ default: 1, doc: '' });
const first = thing({ of: size });
const given = param.file({ default: first, doc: '' });
const check = thing({ of: first });
const unnamed = thing({ of: { deep: [given] } });
const last = thing({ of: [unnamed, first], validations: [check] });

const targets = new Map<Label, Target>(
  Object.entries({ first, given, check, last }).map(([name, target]) => [label('', name), target as Target]),
);
const names = {
  targets,
  labels: new Map<Target, Label>([...targets].map(([of, target]) => [target, of])),
  parameters: new Map<string, Parameter | FileParameter>([
    ['size', size as Parameter],
    ['given', given],
  ]),
};
const graph = targetGraph([{ label: label('', 'last') }], names);

describe('the target graph', () => {
  it('has the targets below a target, and the parameters; one that stands for a target is that target', () => {
    expect(graph.nodes.map(({ name, role }) => `${name} ${role}`).toSorted()).toEqual([
      '--set size parameter',
      '//check validation',
      '//first target',
      '//given target',
      '//last target',
    ]);
  });

  it('draws a target without a name as a part of those that use it', () => {
    const edges = graph.edges.map(({ from, to, role }) => `${from} ${role} ${to}`);
    expect(edges).toContain('//given input //last');
    expect(edges).toContain('//first input //last');
    expect(edges).toContain('--set size input //first');
  });

  it('can leave closed what other packages are made of', () => {
    const drawn = targetGraph([{ label: label('', 'last') }], names, new Set(['elsewhere']));
    expect(drawn).toEqual({ nodes: [{ name: '//last', kind: 'File', role: 'target' }], edges: [] });
    expect(targetGraph([{ label: label('', 'last') }], names, new Set(['']))).toEqual(graph);
  });

  it('tells what gates from what goes in', () => {
    expect(graph.edges.filter(({ role }) => role === 'gates')).toEqual([
      { from: '//check', to: '//last', role: 'gates' },
    ]);
  });

  it('does not go above what was asked for', () => {
    expect(targetGraph([{ label: label('', 'first') }], names).nodes.map(({ name }) => name)).toEqual([
      '//first',
      '--set size',
    ]);
  });
});

describe('its drawing', () => {
  const lines = toMermaid(graph).split('\n');

  it('is a Mermaid flowchart in which every node has an id of its own', () => {
    expect(lines[0]).toBe('flowchart LR');
    const ids = lines.flatMap((line) => /^ {2}(n\d+)[[({]/.exec(line)?.[1] ?? []);
    expect(new Set(ids).size).toBe(graph.nodes.length);
    expect(lines.filter((line) => / -->|-\.->/.test(line))).toHaveLength(graph.edges.length);
  });

  it('draws gates with dots', () => expect(lines.filter((line) => line.includes('-.->|gates|'))).toHaveLength(1));
});
