/** The helper that starts processes: they run, they wait, they end, and nothing of them stays. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readLog } from './log-file.ts';
import { Spawner, type RunOptions } from './spawner.ts';
import type { StepRecord } from '../records/step-record.ts';

let folder: string;
let log: string;
let spawner: Spawner;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dsmb-spawner-'));
  log = join(folder, 'log');
  spawner = new Spawner();
});
afterEach(() => {
  spawner[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

const shell = (script: string) => ({ argv: ['/bin/sh', '-c', script] });
const options = (more: Partial<RunOptions> = {}): RunOptions => ({
  timeoutMs: 20_000,
  signal: new AbortController().signal,
  ...more,
});

describe('a process that runs', () => {
  it('has its output in a log, which is there only if it says something', async () => {
    expect(await spawner.run(shell('echo out; echo err >&2; exit 3'), { ...options(), logFile: log })).toMatchObject({
      code: 3,
    });
    expect(readFileSync(log, 'utf8').split('\n').toSorted()).toEqual(['', 'err', 'out']);
    const silent = join(folder, 'silent');
    expect(await spawner.run(shell('true'), { ...options(), logFile: silent })).toMatchObject({ code: 0 });
    expect(existsSync(silent)).toBe(false);
  });

  it('has the environment and the folder that it is given, and no other', async () => {
    const call = { ...shell('echo "$HOME $GIVEN"; pwd'), env: { GIVEN: 'yes' }, cwd: folder };
    await spawner.run(call, { ...options(), logFile: log });
    expect(readLog(log)).toBe(` yes\n${folder}\n`);
  });

  it('is heard by the engine only if it is a step; all else is log', async () => {
    const record = '\u001e{"type":"progress","stage":"on"}\n';
    const records: StepRecord[] = [];
    const call = { ...shell(`printf '%s\\n' '${record.trimEnd()}' >&2`), isStep: false };
    await spawner.run(call, { ...options({ onRecord: (one) => records.push(one) }), logFile: log });
    expect([records, readLog(log)]).toEqual([[], record]);
    await spawner.run(
      { ...call, isStep: true },
      { ...options({ onRecord: (one) => records.push(one) }), logFile: log },
    );
    expect([records, readLog(log)]).toEqual([[{ type: 'progress', stage: 'on' }], record]);
  });

  it('takes its group with it', async () => {
    const call = { ...shell('sleep 1000 & echo $!'), group: true };
    await spawner.run(call, { ...options(), logFile: log });
    // It was killed, and ends when the kernel comes to it.
    await expect.poll(() => runs(Number(readLog(log)))).toBe(false);
  });
});

describe('a process that is held', () => {
  const PROGRESS = `printf '\\036{"type":"progress","stage":"on"}\\n' >&2`;
  const WAITING = `printf '\\036{"type":"ready"}\\n' >&2; read line && echo went on`;

  it('says that it waits, goes on when it is told, and is an action from then on', async () => {
    const ready = Promise.withResolvers<void>();
    const held = spawner.hold(shell(`${WAITING}; ${PROGRESS}`), log, ready.resolve);
    await ready.promise;
    expect(existsSync(log)).toBe(false);
    const records: StepRecord[] = [];
    const exit = await held.go(options({ onRecord: (record) => records.push(record) }));
    expect(exit).toMatchObject({ code: 0, timedOut: false });
    expect(readLog(log)).toBe('went on\n');
    expect(records).toEqual([{ type: 'progress', stage: 'on' }]);
  });

  it('has its time from then on', async () => {
    const ready = Promise.withResolvers<void>();
    const held = spawner.hold(shell(`${WAITING}; exec sleep 1000`), log, ready.resolve);
    await ready.promise;
    expect(await held.go(options({ timeoutMs: 50 }))).toMatchObject({ signal: 'SIGKILL', timedOut: true });
  });

  it('does not go on when it is ended, nor when the builder is gone', async () => {
    const ended = spawner.hold(shell(WAITING), log, () => {});
    ended.kill();
    expect(await ended.exit).toMatchObject({ signal: 'SIGKILL' });
    const left = spawner.hold(shell(WAITING), log, () => {});
    spawner[Symbol.dispose]();
    await left.exit;
    expect(existsSync(log)).toBe(false);
  });

  it('that ends early is told as any other', async () => {
    const held = spawner.hold(shell('exit 5'), log, () => {});
    expect(await held.exit).toMatchObject({ code: 5 });
    expect(await held.go(options())).toMatchObject({ code: 5 });
  });
});

describe('the helper', () => {
  const MAIN = fileURLToPath(new URL('./spawner-main.ts', import.meta.url));
  const STEP = `printf '\\036{"type":"ready"}\\n' >&2; until [ -e go ]; do sleep 0.01; done
    printf '\\036{"type":"progress","stage":"on"}\\n' >&2; touch said; exec sleep 1000`;

  /** It is held while a step says something and the builder goes, so that it always finds the two together. */
  it('ends in silence when it has an answer for a builder that is gone', async () => {
    const helper = fork(MAIN, { stdio: ['ignore', 'inherit', 'pipe', 'ipc'] });
    let said = '';
    helper.stderr!.setEncoding('utf8').on('data', (text: string) => (said += text));
    helper.send({
      type: 'spawn',
      id: 1,
      ...shell(STEP),
      cwd: folder,
      isStep: true,
      group: true,
      logFile: log,
      timeoutMs: 20_000,
    });
    await once(helper, 'message');
    helper.kill('SIGSTOP');
    writeFileSync(join(folder, 'go'), '');
    while (!existsSync(join(folder, 'said'))) await setTimeout(10);
    const gone = once(helper, 'disconnect');
    helper.disconnect();
    await gone;
    helper.kill('SIGCONT');
    const [[code]] = await Promise.all([once(helper, 'exit'), once(helper.stderr!, 'end')]);
    expect([code, said]).toEqual([1, '']);
  });
});

function runs(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}
