import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { BuildEvent } from '../model/event.ts';
import { parseLabel } from '../model/label.ts';
import { LastActions } from './last-actions.ts';

const LONGER_MS = 200;

const begin: BuildEvent = { type: 'build-started', targets: [parseLabel('//x')], actions: 2 };
const name = (label: string) => ({ label: parseLabel(label), mnemonic: 'Test', ordinal: 0 }) as const;
const started = (label: string) =>
  ({ type: 'action-started', key: '', vm: false, planMs: 0, waitedMs: 0, ...name(label) }) as BuildEvent;
const cached = (label: string) =>
  ({ type: 'action-finished', outcome: 'cached', durationMs: 0, ...name(label) }) as BuildEvent;

async function callsAfter(events: readonly BuildEvent[]): Promise<number> {
  let calls = 0;
  using last = new LastActions(() => calls++);
  for (const event of events) last.listen(event);
  await sleep(LONGER_MS);
  return calls;
}

test('calls once when nothing is left that does not run', async () => {
  expect(await callsAfter([begin, cached('//a'), started('//b')])).toBe(1);
  expect(await callsAfter([begin, started('//a'), started('//b'), cached('//b')])).toBe(1);
});

test('does not call while an action has not begun, however often another one is told of', async () => {
  expect(await callsAfter([begin, started('//a')])).toBe(0);
  expect(await callsAfter([begin, started('//a'), cached('//a'), started('//a')])).toBe(0);
});

test('does not call once the build is over', async () => {
  let calls = 0;
  {
    using last = new LastActions(() => calls++);
    for (const event of [begin, started('//a'), started('//b')]) last.listen(event);
  }
  await sleep(LONGER_MS);
  expect(calls).toBe(0);
});
