/** The build history: what is recorded can be read, also after a kill, and there is never too much of it. */
import { appendFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BuildEvent, Outcome } from '../../model/event.ts';
import { parseLabel } from '../../model/label.ts';
import { BuildHistory } from './history.ts';
import { BuildRecorder } from './recorder.ts';

let folder: string;
let now = Date.UTC(2026, 0, 1);

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'dsmb-history-')), 'builds');
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

function finished(name: string, outcome: Outcome, key: string, durationMs = 10): BuildEvent {
  return { type: 'action-finished', label: parseLabel(name), mnemonic: 'Make', ordinal: 0, outcome, key, durationMs };
}

const started: BuildEvent = {
  type: 'action-started',
  label: parseLabel('a'),
  mnemonic: 'Make',
  ordinal: 0,
  key: 'k',
  vm: false,
  planMs: 1,
  waitedMs: 0,
};
const counts = { executed: 0, cached: 0, failed: 0, skipped: 0 };
const end: BuildEvent = { type: 'build-finished', success: true, durationMs: 12, counts };

function record(...events: readonly BuildEvent[]): void {
  const startedAt = (now += 1000);
  const recorder = new BuildRecorder(folder, { workspace: '/w', asked: ['//a'], parameters: { mac: 'x' }, startedAt });
  events.forEach(recorder.listen);
}

describe('a recorded build', () => {
  it('has what was asked and what every action did', () => {
    record(started, finished('a', 'executed', 'k1/1', 20), finished('b', 'cached', 'k2/1'), end);
    const [build] = [...new BuildHistory(folder).newestFirst()];
    expect(build).toMatchObject({ asked: ['//a'], parameters: { mac: 'x' }, success: true, durationMs: 12 });
    expect(build!.actions).toEqual([
      {
        ...{ label: '//a', mnemonic: 'Make', ordinal: 0, outcome: 'executed', key: 'k1/1', durationMs: 20, log: null },
        startMs: expect.any(Number),
      },
      { label: '//b', mnemonic: 'Make', ordinal: 0, outcome: 'cached', key: 'k2/1', durationMs: 0, log: null },
    ]);
  });

  it('is read once where it has ended, and again where it goes on', () => {
    record(started, finished('a', 'executed', 'k1/1'), end);
    const startedAt = (now += 1000);
    const header = { workspace: '/w', asked: ['//a'], parameters: {}, startedAt };
    const recorder = new BuildRecorder(folder, header);
    [started, finished('a', 'executed', 'k2/1')].forEach(recorder.listen);
    const first = new BuildHistory(folder);
    const [going, ended] = [...first.newestFirst()];
    expect(going!.success).toBeUndefined();
    [finished('b', 'executed', 'k3/1'), end].forEach(recorder.listen);
    record(started, finished('a', 'executed', 'k4/1'), end);
    const again = [...first.again().newestFirst()];
    expect(again.map(({ actions }) => actions.length)).toEqual([1, 2, 1]);
    expect(again[1]!.success).toBe(true);
    expect(again[2]).toBe(ended);
  });

  it('that was killed has what it had finished, and says that it did not end', () => {
    record(started, finished('a', 'executed', 'k1/1'), started);
    const [name] = readdirSync(folder);
    appendFileSync(join(folder, name!), '["//b","Make",0,"exec');
    const [build] = [...new BuildHistory(folder).newestFirst()];
    expect(build).toMatchObject({ success: undefined, actions: [{ label: '//a', outcome: 'executed' }] });
  });

  it('that is not a record is passed over', () => {
    record(end);
    writeFileSync(join(folder, '99999999T000000.000Z-ffffff.jsonl'), 'noise');
    expect([...new BuildHistory(folder).newestFirst()]).toHaveLength(1);
  });
});

describe('the history', () => {
  it('finds the last key of an action', () => {
    record(finished('a', 'executed', 'k1/1', 70), end);
    record(finished('a', 'cached', 'k1/1'), end);
    const history = new BuildHistory(folder);
    expect(history.previous('//a Make')?.action).toMatchObject({ outcome: 'cached', key: 'k1/1' });
    expect(history.previous('//b Make')).toBeUndefined();
    expect(history.named('1').build).toBe(history.builds[0]);
    expect(() => history.named('nonsense')).toThrow(/no build/);
  });

  it('keeps the last 50 builds, and lists only while they are used', () => {
    for (let build = 0; build < 130; build++) record(finished('a', 'cached', `${build}/1`), end);
    const history = new BuildHistory(folder);
    expect(history.builds).toHaveLength(50);
    expect(readdirSync(join(folder, 'lists')).length).toBeLessThanOrEqual(101);
    expect(history.record(history.builds[0]!)?.actions).toHaveLength(1);
  });

  it('of builds that find the same has the list of it once', () => {
    for (let build = 0; build < 5; build++) record(finished('a', 'cached', 'k/1'), finished('b', 'cached', 'k/2'), end);
    expect(readdirSync(join(folder, 'lists'))).toHaveLength(1);
  });
});
