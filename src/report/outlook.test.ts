/** How much is left of a build, by past durations. */
import { describe, expect, it } from 'vitest';
import type { ActionGraph } from '../analysis/action-graph.ts';
import type { ActionNode } from '../analysis/action.ts';
import type { BuildEvent } from '../model/event.ts';
import type { Label } from '../model/label.ts';
import { Outlook } from './outlook.ts';

const action = (name: string) => ({ label: `//${name}` as Label, mnemonic: 'Make', ordinal: 0 });

/** `{ b: ['a'] }`: b reads a. Those that are read stand first. */
function graphOf(reads: Readonly<Record<string, readonly string[]>>): ActionGraph {
  const nodes = new Map(Object.keys(reads).map((name) => [name, action(name) as ActionNode]));
  return {
    actions: [...nodes.values()],
    dependencies: new Map([...nodes].map(([name, node]) => [node, reads[name]!.map((one) => nodes.get(one)!)])),
  };
}

const started = (name: string): BuildEvent => ({
  type: 'action-started',
  ...action(name),
  key: '',
  vm: false,
  planMs: 0,
  waitedMs: 0,
});
const finished = (name: string): BuildEvent => ({
  type: 'action-finished',
  ...action(name),
  outcome: 'executed',
  durationMs: 1,
});

const SECOND = 1000;
const GRAPH = graphOf({ a: [], b: ['a'], c: ['a'], d: ['b', 'c'], other: [] });
const PAST: Readonly<Record<string, number>> = { a: 10 * SECOND, b: 60 * SECOND, c: 20 * SECOND, d: 5 * SECOND };
const pastMs = ({ label }: { label: string }): number | undefined => PAST[label.slice(2)];

describe('what is left', () => {
  it('is nothing before anything runs', () => {
    expect(new Outlook(() => GRAPH, pastMs, 2).remaining()).toEqual({ ms: 0, untimed: 0, criticalPath: [] });
  });

  it('is the longest way of what runs and depends on it', () => {
    const outlook = new Outlook(() => GRAPH, pastMs, 2);
    outlook.listen(started('a'));
    const { ms, untimed, criticalPath } = outlook.remaining(performance.now() + 4 * SECOND);
    expect(Math.round(ms / SECOND)).toBe(71);
    expect(untimed).toBe(0);
    expect(criticalPath.map(({ label }) => label)).toEqual(['//a', '//b', '//d']);
  });

  it('has in it what waits for the machine', () => {
    const outlook = new Outlook(() => GRAPH, pastMs, 1);
    outlook.listen(started('c'));
    outlook.listen({ type: 'action-queued', ...action('b'), key: '' });
    const { ms, criticalPath } = outlook.remaining();
    expect(Math.round(ms / SECOND)).toBe(85);
    expect(criticalPath.map(({ label }) => label)).toEqual(['//b', '//d']);
  });

  it('is all of the work where one action runs at a time', () => {
    const outlook = new Outlook(() => GRAPH, pastMs, 1);
    outlook.listen(started('a'));
    expect(Math.round(outlook.remaining().ms / SECOND)).toBe(95);
  });

  it('is less when something has ended, and names what never ran before', () => {
    const outlook = new Outlook(
      () => GRAPH,
      ({ label }) => (label === '//d' ? undefined : pastMs({ label })),
      2,
    );
    for (const event of [started('a'), finished('a'), started('c'), finished('b')]) outlook.listen(event);
    const { ms, untimed, criticalPath } = outlook.remaining();
    expect(Math.round(ms / SECOND)).toBe(20);
    expect(untimed).toBe(1);
    expect(criticalPath.map(({ label }) => label)).toEqual(['//c', '//d']);
    outlook.listen(finished('c'));
    outlook.listen(finished('d'));
    expect(outlook.remaining()).toEqual({ ms: 0, untimed: 0, criticalPath: [] });
  });

  it('is not less than nothing when something takes longer than before', () => {
    const outlook = new Outlook(() => GRAPH, pastMs, 2);
    outlook.listen(started('d'));
    expect(outlook.remaining(performance.now() + 60 * SECOND).ms).toBe(0);
  });
});
