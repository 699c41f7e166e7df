/** The trace of a build: what a viewer needs, and what must hold in it. */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ActionGraph } from '../analysis/action-graph.ts';
import type { ActionNode } from '../analysis/action.ts';
import type { BuildEvent } from '../model/event.ts';
import type { Label } from '../model/label.ts';
import { lanes, Profile, type Slice } from './profile.ts';

interface Traced {
  readonly ph: string;
  readonly name: string;
  readonly cat?: string;
  readonly tid: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly args?: { readonly name?: string };
}

const action = (name: string) => ({ label: `//${name}` as Label, mnemonic: 'Make', ordinal: 0 });
const node = { a: action('a'), b: action('b'), c: action('c') } as unknown as Record<'a' | 'b' | 'c', ActionNode>;
const GRAPH: ActionGraph = {
  actions: [node.a, node.b, node.c],
  dependencies: new Map([
    [node.a, []],
    [node.b, []],
    [node.c, [node.a, node.b]],
  ]),
};
const start = (name: string): BuildEvent => ({
  type: 'action-started',
  ...action(name),
  key: 'k/1',
  vm: false,
  planMs: 1,
  waitedMs: 1,
});
const end = (name: string): BuildEvent => ({
  type: 'action-finished',
  ...action(name),
  outcome: 'executed',
  durationMs: 1,
});

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function trace(events: readonly (BuildEvent | number)[]): Traced[] {
  const profile = new Profile(() => GRAPH);
  for (const event of events)
    if (typeof event === 'number') vi.advanceTimersByTime(event);
    else profile.listen(event);
  return (JSON.parse(profile.text()) as { traceEvents: Traced[] }).traceEvents;
}

/** The names of slices by the name of their track. */
function tracks(events: readonly Traced[]): Record<string, string[]> {
  const names = events.filter(({ ph, name }) => ph === 'M' && name === 'thread_name');
  return Object.fromEntries(
    names.map(({ tid, args }) => [
      args!.name!,
      events.filter((event) => event.ph === 'X' && event.tid === tid).map(({ name }) => name),
    ]),
  );
}

describe('a trace', () => {
  it('has a track for each slot, with stages inside of actions, and the critical path', () => {
    const stage: BuildEvent = { type: 'action-progress', ...action('a'), stage: 'copying', percent: 5 };
    const events = trace([start('a'), 10, stage, start('b'), 20, end('b'), 30, end('a'), start('c'), 5, end('c')]);
    expect(tracks(events)).toEqual({
      phases: [],
      'critical path': ['//a Make', '//c Make'],
      'slot 1': ['copying', '//a Make', '//c Make'],
      'slot 2': ['//b Make'],
    });
    const copying = events.find(({ name }) => name === 'copying')!;
    const whole = events.find(({ name, cat }) => name === '//a Make' && cat === 'action')!;
    expect([whole.dur, copying.dur]).toEqual([60_000, 50_000]);
    expect(copying.ts! + copying.dur!).toBe(whole.ts! + whole.dur!);
  });

  it('has on the critical path what an action waited for while the machine was busy', () => {
    const busy: BuildEvent = { ...start('b'), waitedMs: 50 } as BuildEvent;
    const events = trace([start('a'), 50, end('a'), busy, 10, end('b')]);
    expect(tracks(events)['critical path']).toEqual(['//a Make', '//b Make']);
  });

  it('has notes where they were said', () => {
    const events = trace([10, { type: 'note', message: 'it begins with the build files' }]);
    const note = events.find(({ ph }) => ph === 'i');
    expect(note).toMatchObject({ name: 'it begins with the build files', cat: 'note', tid: 0 });
  });

  it('has phases, look-ups of the cache, and what waited for another build', () => {
    const startedAt = performance.timeOrigin + performance.now();
    const events = trace([
      { type: 'phase-finished', phase: 'load', startedAt, durationMs: 7 },
      { type: 'action-waiting', ...action('a'), key: 'k/1' },
      50,
      { type: 'action-finished', ...action('a'), outcome: 'cached', durationMs: 0 },
      20,
      { type: 'action-finished', ...action('b'), outcome: 'cached', durationMs: 2, planMs: 3 },
    ]);
    expect(tracks(events)).toEqual({
      phases: ['load'],
      'critical path': [],
      'waiting for another build': ['//a Make'],
      'keys and cache': ['//a Make', '//b Make', '//b Make'],
    });
    const found = events.filter(({ name, cat }) => name === '//b Make' && cat !== undefined);
    expect(found.map(({ cat, dur }) => [cat, dur])).toEqual([
      ['plan', 3000],
      ['look-up', 2000],
    ]);
  });
});

describe('lanes', () => {
  const slices = fc.array(
    fc
      .tuple(fc.nat(50), fc.nat(20))
      .map(([from, length]): Slice => ({ name: 'x', category: 'plan', start: from, end: from + length })),
  );

  it('hold every slice, and in none of them two overlap', () => {
    fc.assert(
      fc.property(slices, (all) => {
        const found = lanes(all);
        expect(found.flat()).toHaveLength(all.length);
        for (const lane of found)
          lane.forEach((slice, index) => expect(slice.start).toBeGreaterThanOrEqual(lane[index - 1]?.end ?? 0));
      }),
    );
  });
});
