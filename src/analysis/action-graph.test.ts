/** The graph of actions: everything that is read stands before, and the longest way is known. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Label } from '../model/label.ts';
import { actionGraph, longestAfter } from './action-graph.ts';
import { ArtifactReference, type ActionNode, type Origin } from './action.ts';

const kind = { name: 'File', shape: 'file' } as never;
const madeBy = (action: ActionNode): ArtifactReference =>
  new ArtifactReference(kind, { type: 'action', action, output: 'out' });
const composed = (entries: readonly ArtifactReference[]): ArtifactReference => {
  const origin: Origin = { type: 'compose', entries: new Map(entries.map((one, index) => [`${index}`, one])) };
  return new ArtifactReference(kind, origin);
};
function make(
  name: number,
  reads: readonly ArtifactReference[],
  toolchains: readonly ArtifactReference[] = [],
): ActionNode {
  const inputs = new Map(reads.map((one, index) => [`${index}`, one]));
  return { label: `//${name}` as Label, mnemonic: 'Make', ordinal: 0, inputs, toolchains } as unknown as ActionNode;
}

/** Each action reads some of those before it: as inputs, through compositions, or as toolchains. */
const graphs = fc.array(fc.array(fc.tuple(fc.nat(100), fc.nat(2)), { maxLength: 3 }), { maxLength: 15 }).map((rows) => {
  const actions: ActionNode[] = [];
  for (const [name, row] of rows.entries()) {
    const reads = row.flatMap(([of, how]) => (name === 0 ? [] : [{ artifact: madeBy(actions[of % name]!), how }]));
    const inputs = reads
      .filter(({ how }) => how < 2)
      .map(({ artifact, how }) => (how === 0 ? artifact : composed([artifact])));
    actions.push(
      make(
        name,
        inputs,
        reads.filter(({ how }) => how === 2).map(({ artifact }) => artifact),
      ),
    );
  }
  return actions;
});

describe('the graph of actions', () => {
  it('has each action once, behind all that it reads', () => {
    fc.assert(
      fc.property(graphs, (all) => {
        const { actions, dependencies } = actionGraph(all.map(madeBy));
        expect(new Set(actions)).toEqual(new Set(all));
        expect(actions).toHaveLength(all.length);
        actions.forEach((action, place) => {
          for (const below of dependencies.get(action)!) expect(actions.indexOf(below)).toBeLessThan(place);
        });
      }),
    );
  });

  it('may be a chain that is longer than the stack is deep', () => {
    let last = make(0, []);
    for (let name = 1; name < 50_000; name++) last = make(name, [madeBy(last)]);
    const graph = actionGraph([madeBy(last)]);
    expect(graph.actions).toHaveLength(50_000);
    expect(longestAfter(graph, () => 2).get(graph.actions[0]!)).toBe(2 * 49_999);
  });

  it('knows how long what waits for an action takes', () => {
    const a = make(1, []);
    const b = make(10, [madeBy(a)]);
    const c = make(100, [composed([madeBy(a), madeBy(b)])]);
    const after = longestAfter(actionGraph([madeBy(c)]), ({ label }) => Number(label.slice(2)));
    expect([a, b, c].map((action) => after.get(action) ?? 0)).toEqual([110, 100, 0]);
  });
});
