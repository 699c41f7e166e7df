/** A graph that was written down is the same graph, and is read only where somebody looks. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { actionGraph } from '../analysis/action-graph.ts';
import { ArtifactReference, type ActionNode, type Work } from '../analysis/action.ts';
import type { RuleCall } from '../analysis/rule-call.ts';
import type { Location } from '../model/diagnostic.ts';
import { File } from '../model/kinds.ts';
import type { Label } from '../model/label.ts';
import { GraphWords, ReadGraph } from './words.ts';

const text = fc.string({ unit: 'binary', maxLength: 8 }).filter((one) => one.isWellFormed());
const works: fc.Arbitrary<Work> = fc.oneof(
  fc.record({ type: fc.constant('write' as const), content: text }),
  fc.record({ type: fc.constant('run' as const), argv: fc.array(text), env: fc.dictionary(text, text) }),
  fc.record({
    type: fc.constant('step' as const),
    module: fc.constant(new URL('file:///project/a%20step.ts')),
    args: fc.jsonValue(),
    hints: fc.constant({ memo: true }),
  }),
);
const leaves = fc.oneof(
  fc.record({ type: fc.constant('source' as const), path: text, written: text }),
  fc.record({ type: fc.constant('debian' as const), packages: fc.array(text), closure: fc.boolean() }),
);

/** What an action is made from: its work, its leaves, and which of the actions before it it reads, and how. */
const plans = fc.array(
  fc.record({
    work: works,
    leaves: fc.array(leaves, { maxLength: 2 }),
    reads: fc.array(fc.record({ of: fc.nat(), how: fc.nat(3), path: text }), { maxLength: 3 }),
    location: fc.option(fc.record({ file: text, line: fc.nat(), column: fc.nat() }), { nil: undefined }),
    timeoutMs: fc.nat(),
    reproducible: fc.boolean(),
  }),
  { minLength: 1, maxLength: 12 },
);

const graphs = plans.map((all) => {
  const actions: ActionNode[] = [];
  for (const [place, { work, leaves: own, reads, location, ...rest }] of all.entries()) {
    const made =
      place === 0 ? [] : reads.map((read) => ({ ...read, artifact: outputOf(actions[read.of % place]!, read.path) }));
    const composed = made.filter(({ how }) => how === 2).map(({ artifact }, index) => [`c${index}`, artifact] as const);
    const inputs = [
      ...own.map((origin) => new ArtifactReference(File, origin)),
      ...made.filter(({ how }) => how < 2).map(({ artifact }) => artifact),
      new ArtifactReference({ name: 'Tree', shape: 'folder' }, { type: 'compose', entries: new Map(composed) }),
      new ArtifactReference(File, { type: 'checksums', entries: new Map(composed) }),
    ];
    actions.push({
      ...{ label: `//a${place}` as Label, mnemonic: 'Make\tit', ordinal: place % 2, work, ...rest },
      inputs: new Map(inputs.map((one, index) => [`${index}`, one])),
      toolchains: made.filter(({ how }) => how === 3).map(({ artifact }) => artifact),
      outputs: { out: { name: 'out.txt', kind: File } },
      needs: { memoryMiB: 3 },
      call: callAt(location),
    });
  }
  return actionGraph(actions.map((action) => outputOf(action)));
});

function outputOf(action: ActionNode, path = ''): ArtifactReference {
  return new ArtifactReference(File, { type: 'action', action, output: 'out' }, path);
}

function callAt(location: Location | undefined): RuleCall {
  return {
    rule: 'thing',
    ...(location ? { location } : {}),
    attributes: ['files', 'mode'],
    sources: [['files[0]', { path: '/project/s', written: 's' }]],
    lists: [['files', ['//a:b' as Label]]],
  };
}

/** An action as plain data; those that it reads by label. */
function plain(action: ActionNode): unknown {
  const { label, mnemonic, ordinal, work, outputs, needs, timeoutMs, reproducible, call } = action;
  return {
    ...{ label, mnemonic, ordinal, outputs, needs, timeoutMs, reproducible, call },
    // As keys have it.
    work: JSON.parse(JSON.stringify(work)) as unknown,
    inputs: [...action.inputs].map(([name, of]) => [name, plainArtifact(of)]),
    toolchains: action.toolchains.map(plainArtifact),
  };
}

function plainArtifact({ kind, origin, path }: ArtifactReference): unknown {
  const where =
    origin.type === 'action'
      ? [origin.action.label, origin.output]
      : 'entries' in origin
        ? [origin.type, [...origin.entries].map(([name, of]) => [name, plainArtifact(of)])]
        : { ...origin, archives: 'archives' in origin && origin.archives === true };
  return { kind, where, path };
}

describe('a graph that was written down', () => {
  it('has the same actions', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const read = new ReadGraph(new GraphWords(graph));
        expect(graph.actions.map((_, place) => plain(read.action(place)))).toEqual(graph.actions.map(plain));
      }),
    );
  });

  it('leads from an action to all that is made of it', () => {
    fc.assert(
      fc.property(graphs, fc.nat(), (graph, chosen) => {
        const { actions, dependencies } = graph;
        const first = chosen % actions.length;
        const reached = new Set([actions[first]!]);
        for (const action of actions)
          if (dependencies.get(action)!.some((one) => reached.has(one))) reached.add(action);
        const places = new ReadGraph(new GraphWords(graph)).reachedFrom([first]);
        expect(new Set([...places].map((place) => actions[place]))).toEqual(reached);
      }),
    );
  });

  it('is read only where somebody looks', () => {
    const base = fc.sample(graphs, 1)[0]!;
    const { names, bodies } = new GraphWords(base);
    const read: number[] = [];
    const watched = {
      length: bodies.length,
      at: (place: number) => (read.push(place), bodies.at(place)),
      [Symbol.iterator]: () => bodies[Symbol.iterator](),
    };
    const graph = new ReadGraph({ names, bodies: watched });
    expect(base.actions.map((_, place) => graph.action(place).label)).toEqual(base.actions.map(({ label }) => label));
    expect(read).toEqual([]);
    expect(graph.action(0).inputs.size).toBe(base.actions[0]!.inputs.size);
    expect(graph.action(0).timeoutMs).toBe(base.actions[0]!.timeoutMs);
    expect(read).toEqual([0]);
  });
});
