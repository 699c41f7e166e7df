/** What the page is told of a build: whoever comes late, and whoever followed, know the same. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BuildEvent, Outcome } from '../model/event.ts';
import { parseLabel, type Label } from '../model/label.ts';
import { BuildState } from './build-state.ts';
import { Build } from './browser/build.ts';
import type { PageAction } from './protocol.ts';

const HEAD = { build: 'b', workspace: '/w', asked: ['//x'], startedAt: 0 };
const OUTCOMES: readonly Outcome[] = ['executed', 'cached', 'failed', 'skipped'];

const actions = (count: number): PageAction[] =>
  Array.from({ length: count }, (_none, place) => {
    return { label: `//a${place}`, mnemonic: 'Make', ordinal: 0, inputs: place > 0 ? [place - 1] : [] };
  });

const identity = (place: number) => ({ label: `//a${place}` as Label, mnemonic: 'Make', ordinal: 0 });

/** Of some action, known before the build or not. */
const anyEvent: fc.Arbitrary<BuildEvent> = fc.oneof(
  fc.nat(12).map((place): BuildEvent => ({ type: 'action-queued', key: 'k', ...identity(place) })),
  fc.nat(12).map((place): BuildEvent => {
    return { type: 'action-started', key: 'k', vm: false, planMs: 1, waitedMs: 2, ...identity(place) };
  }),
  fc
    .record({ place: fc.nat(12), stage: fc.string(), percent: fc.nat(100) })
    .map(({ place, stage, percent }): BuildEvent => {
      return { type: 'action-progress', stage, percent, ...identity(place) };
    }),
  fc.record({ place: fc.nat(12), outcome: fc.constantFrom(...OUTCOMES) }).map(({ place, outcome }): BuildEvent => {
    return { type: 'action-finished', outcome, durationMs: 5, ...identity(place) };
  }),
  fc.string().map((message): BuildEvent => ({ type: 'warning', message })),
  fc.record({ place: fc.nat(12), console: fc.string() }).map(({ place, console }): BuildEvent => {
    return { type: 'machine-shown', machine: 1, console, ...identity(place) };
  }),
);

test('a page that has followed knows what one that comes late is given', () => {
  fc.assert(
    fc.property(fc.array(fc.array(anyEvent), { maxLength: 8 }), (rounds) => {
      const state = new BuildState(HEAD, actions(8), new Set([0]));
      const follower = new Build(structuredClone(state.snapshot()));
      for (const events of rounds) {
        events.forEach(state.listen);
        const change = state.takeChange();
        if (change) follower.apply(structuredClone(change));
      }
      const late = new Build(state.snapshot());
      expect(follower.runs).toEqual(late.runs);
      expect(follower.actions).toEqual(late.actions);
      expect(follower.head.warnings).toEqual(late.head.warnings);
      expect(follower.users).toEqual(late.users);
      expect(follower.moments).toEqual(late.moments);
    }),
  );
});

test('nothing is told twice', () => {
  const state = new BuildState(HEAD, actions(3), new Set());
  expect(state.takeChange()).toBeUndefined();
  state.listen({ type: 'action-queued', key: 'k', ...identity(1) });
  state.listen({ type: 'action-started', key: 'k', vm: false, planMs: 0, waitedMs: 7, ...identity(1) });
  expect(state.takeChange()?.runs).toMatchObject([[1, { state: 'running', waitedMs: 7 }]]);
  expect(state.takeChange()).toBeUndefined();
});

test('texts of build files and steps come as the console shows them', () => {
  const hostile = '\x1b]0;x\x07\u202e';
  const label = parseLabel('x');
  const state = new BuildState(HEAD, [{ label, mnemonic: hostile, ordinal: 0, inputs: [] }], new Set());
  const action = { label, mnemonic: hostile, ordinal: 0 };
  state.listen({ type: 'action-progress', stage: hostile, ...action });
  state.listen({ type: 'warning', message: hostile });
  const shown = String.raw`\x1b]0;x\x07\u{202e}`;
  const { actions: told, runs, head } = state.snapshot();
  expect([told[0]?.mnemonic, runs[0]?.stage, ...head.warnings]).toEqual([shown, shown, shown]);
});
