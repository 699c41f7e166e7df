/** The console, fed with events: what people read, on a terminal and in a log. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Screen } from '../../test/rig/screen.ts';
import type { BuildEvent, PackageStage } from '../model/event.ts';
import type { Label } from '../model/label.ts';
import { ConsoleReporter } from './console.ts';

const action = (name: string) => ({ label: `//${name}` as Label, mnemonic: 'Make', ordinal: 0 });
const begin: BuildEvent = { type: 'build-started', targets: ['//a' as Label], actions: 4 };
const start = (name: string): BuildEvent => ({
  type: 'action-started',
  ...action(name),
  key: 'k/1',
  vm: false,
  planMs: 1,
  waitedMs: 1,
});
const end = (name: string, outcome: 'executed' | 'cached' | 'failed' = 'executed'): BuildEvent => ({
  type: 'action-finished',
  ...action(name),
  outcome,
  durationMs: 1234,
  ...(outcome === 'failed' ? { diagnostic: { code: 'ACTION_FAILED', message: 'it broke' } } : {}),
});
const progress = (name: string, stage: string, percent?: number): BuildEvent => ({
  type: 'action-progress',
  ...action(name),
  stage,
  ...(percent === undefined ? {} : { percent }),
});
const wait = (name: string): BuildEvent => ({ type: 'action-waiting', ...action(name), key: 'k/1' });
const output = (fresh: boolean): BuildEvent => ({
  type: 'output',
  label: '//a' as Label,
  path: 'dsmb-out/a/a.img',
  digest: null,
  fresh,
});
const finish = (executed: number, success = true): BuildEvent => ({
  type: 'build-finished',
  success,
  durationMs: 2500,
  counts: { executed, cached: 4 - executed, failed: success ? 0 : 1, skipped: 0 },
});

class Out {
  readonly writes: string[] = [];
  readonly isTTY: boolean;
  readonly columns: number;
  readonly rows: number;
  constructor({ isTTY = false, columns = 80, rows = 24 } = {}) {
    Object.assign(this, { isTTY, columns, rows });
    this.isTTY = isTTY;
    this.columns = columns;
    this.rows = rows;
  }
  write(text: string): boolean {
    this.writes.push(text);
    return true;
  }
  on(): void {}
  off(): void {}
  get lines(): string[] {
    return this.writes.join('').split('\n').slice(0, -1);
  }
  async shown(): Promise<Screen> {
    const screen = new Screen(this.columns, this.rows);
    for (const text of this.writes) await screen.write(text);
    await screen.flush();
    return screen;
  }
}

function report(out: Out, events: readonly (BuildEvent | number)[], options: { quiet?: boolean } = {}): void {
  using reporter = new ConsoleReporter({ out: out as unknown as NodeJS.WriteStream, ...options });
  for (const event of events)
    if (typeof event === 'number') vi.advanceTimersByTime(event);
    else reporter.listen(event);
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  for (const name of ['CI', 'NO_COLOR', 'FORCE_COLOR', 'CLICOLOR', 'CLICOLOR_FORCE']) vi.stubEnv(name, undefined);
  vi.stubEnv('TERM', 'xterm');
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

const nothingToDo = [begin, end('a', 'cached'), end('b', 'cached'), output(false), finish(0)];

describe('without a terminal', () => {
  it('there is a line for what begins, gets on, and ends', () => {
    const out = new Out();
    const parts = [0, 10, 24, 26, 30, 100].map((percent) => progress('a', 'copying', percent));
    report(out, [begin, wait('b'), start('a'), ...parts, end('a'), end('b', 'cached'), output(true), finish(1)]);
    expect(out.lines).toEqual([
      'wait  //b Make another build is making it',
      'start //a Make',
      '      //a Make: copying 0 %',
      '      //a Make: copying 26 %',
      '      //a Make: copying 100 %',
      'done  //a Make 1.2 s',
      '//a → dsmb-out/a/a.img',
      'build succeeded in 2.5 s: 4 actions (1 executed, 3 cached)',
    ]);
  });

  it('packages have a short name, and one line when each set is done with', () => {
    const out = new Out();
    const packages = (set: string, now: PackageStage): BuildEvent => ({ type: 'package-progress', set, ...now });
    const [gcc, mtools] = ['closure: gcc-12 make sed', 'closure: mtools'];
    report(out, [
      begin,
      packages(gcc, { stage: 'fetching packages', percent: 100, bytes: { done: 9, total: 9 } }),
      packages(mtools, { stage: 'unpacking', percent: 0 }),
      packages(gcc, { stage: 'ready', durationMs: 3210 }),
      packages(mtools, { stage: 'failed', durationMs: 100 }),
      finish(1),
    ]);
    expect(out.lines.slice(0, -1)).toEqual([
      '      packages gcc-12 +2: fetching packages 100 %',
      '      packages mtools: unpacking 0 %',
      'done  packages gcc-12 +2 3.2 s',
      'fail  packages mtools 100 ms',
    ]);
  });

  it.each([
    ['SIGINT', 'interrupted after 2.5 s (1 executed, 3 cached); run the same command to continue'],
    ['SIGTERM', 'interrupted after 2.5 s (1 executed, 3 cached)'],
  ] as const)('an interrupted build says how to go on (%s)', (interrupted, line) => {
    const out = new Out();
    report(out, [begin, { ...finish(1), success: false, interrupted } as BuildEvent]);
    expect(out.lines).toEqual([line]);
  });

  it('what runs on a worker is told as such, and what it came to', () => {
    const out = new Out();
    const remote = { remote: true } as const;
    const bytes = (files: number) => ({ results: 0, trees: 0, files, largeFiles: 0 });
    const used = { ran: 2, taken: 1, sent: 0, read: bytes(1024), written: bytes(2 * 1024 ** 2) };
    const events = [{ ...start('a'), ...remote }, progress('a', 'remote: queued'), { ...end('a'), ...remote }];
    report(out, [begin, ...(events as BuildEvent[]), { type: 'remote-used', ...used }, finish(1)]);
    expect(out.lines.slice(0, -1)).toEqual([
      'start //a Make remote',
      '      //a Make: remote: queued',
      'done  //a Make 1.2 s, remote',
      expect.stringMatching(/^remote executor: 2 actions run, 1 result taken; 1.* KiB read, 2.* MiB written$/),
    ]);
  });

  it('what failed is told in full at the end, after what went on beside it', () => {
    const out = new Out();
    report(out, [
      begin,
      start('a'),
      start('b'),
      end('a', 'failed'),
      progress('b', 'copying'),
      end('b'),
      finish(1, false),
    ]);
    expect(out.lines.slice(2)).toEqual([
      'fail  //a Make 1.2 s',
      '      //b Make: copying',
      'done  //b Make 1.2 s',
      'error ACTION_FAILED it broke',
      'build failed in 2.5 s: 5 actions (1 executed, 3 cached, 1 failed)',
    ]);
  });

  it('what failed is told also where the build does not come to its end', () => {
    const out = new Out();
    report(out, [begin, start('a'), end('a', 'failed')]);
    expect(out.lines.at(-1)).toBe('error ACTION_FAILED it broke');
  });

  it('what runs for long is told again each minute', () => {
    const out = new Out();
    report(out, [begin, start('a'), progress('a', 'installing', 40), wait('b'), 200_000, end('a'), finish(1)]);
    expect(out.lines.filter((line) => /^(still|wait {2}).* min/.test(line))).toEqual([
      'still //a Make 1 min 0 s installing 40 %',
      'wait  //b Make 1 min 0 s another build is making it',
      'still //a Make 2 min 0 s installing 40 %',
      'wait  //b Make 2 min 0 s another build is making it',
      'still //a Make 3 min 0 s installing 40 %',
      'wait  //b Make 3 min 0 s another build is making it',
    ]);
  });

  it('there are no control codes, whatever a step says', () => {
    const out = new Out();
    report(out, [begin, start('a'), progress('a', 'a\x1b[2Jb\r'), end('a'), finish(1)]);
    expect(out.writes.join('')).not.toMatch(/[\x00-\x09\x0b-\x1f]/);
    expect(out.lines).toContain('      //a Make: a\\x1b[2Jb\\x0d');
  });

  it.each(['dumb', 'CI'])('or on one that is none (%s)', (which) => {
    vi.stubEnv(which === 'CI' ? 'CI' : 'TERM', which === 'CI' ? 'true' : 'dumb');
    const out = new Out({ isTTY: true });
    report(out, [begin, start('a'), 1000, end('a'), finish(1)]);
    expect(out.writes.join('')).not.toMatch(/\x1b\[[^m]*[A-La-l]/);
    expect(out.lines).toHaveLength(3);
  });
});

describe('a build with nothing to do', () => {
  it.each([true, false])('prints one line (terminal: %s)', (isTTY) => {
    vi.stubEnv('NO_COLOR', '1');
    const out = new Out({ isTTY });
    report(out, [...nothingToDo.slice(0, 2), 1000, ...nothingToDo.slice(2)]);
    const text = out.writes.join('').replaceAll(/\x1b\[\?2026[hl]/g, '');
    expect(text).toBe('build succeeded in 2.5 s: 4 actions (0 executed, 4 cached)\n');
  });

  it('says where an output lies that it had to lay there', () => {
    const out = new Out();
    report(out, [begin, end('a', 'cached'), output(true), finish(0)]);
    expect(out.lines[0]).toBe('//a → dsmb-out/a/a.img');
  });
});

describe('--quiet', () => {
  it('prints nothing where nothing goes wrong', () => {
    const out = new Out({ isTTY: true });
    report(out, [begin, start('a'), 1000, end('a'), output(true), finish(1)], { quiet: true });
    expect(out.writes).toEqual([]);
  });

  it('prints failures and warnings', () => {
    const out = new Out();
    const warning: BuildEvent = { type: 'warning', message: 'odd' };
    report(out, [begin, warning, start('a'), end('a', 'failed'), finish(0, false)], { quiet: true });
    expect(out.lines.slice(0, 2)).toEqual(['warning odd', expect.stringContaining('ACTION_FAILED')]);
    expect(out.lines.at(-1)).toMatch(/^build failed/);
  });
});

describe('on a terminal', () => {
  const many = Array.from({ length: 40 }, (_, index) => start(`n${index}`));

  it('frames show what runs, and are gone at the end', async () => {
    vi.stubEnv('NO_COLOR', '1');
    const out = new Out({ isTTY: true });
    const queued: BuildEvent = { type: 'action-queued', ...action('c'), key: 'k/1' };
    const events = [
      begin,
      start('a'),
      queued,
      progress('a', '安装 😀', 45),
      wait('b'),
      61_000,
      end('a'),
      100,
      end('b', 'cached'),
    ];
    report(out, [...events, output(true), finish(1)]);
    const { frames } = await out.shown();
    expect(frames.at(-3)).toBe(
      [
        '▸ //a Make  1:01  ━━━━━╌╌╌╌╌╌╌  45 %  安装 😀',
        '◦ //b Make  1:01  another build is making it',
        '  ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌  0/4, 1 running, 1 waiting, 1 queued  1:01',
      ].join('\n'),
    );
    expect(frames.at(-2)).toBe(
      [
        'done  //a Make 1.2 s',
        '◦ //b Make  1:01  another build is making it',
        '  ━━━━━━╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌  1/4, 0 running, 1 waiting, 1 queued  1:01',
      ].join('\n'),
    );
    expect(frames.at(-1)).toBe(
      [
        'done  //a Make 1.2 s',
        '//a → dsmb-out/a/a.img',
        'build succeeded in 2.5 s: 4 actions (1 executed, 3 cached)',
      ].join('\n'),
    );
  });

  it('packages that are fetched count as running, with bytes and their rate', async () => {
    vi.stubEnv('NO_COLOR', '1');
    const out = new Out({ isTTY: true });
    const MiB = 1024 ** 2;
    const fetched = (done: number): BuildEvent => ({
      type: 'package-progress',
      set: 'closure: gcc-12 make',
      stage: 'fetching packages',
      percent: done,
      bytes: { done: done * MiB, total: 100 * MiB },
    });
    const ready: BuildEvent = {
      type: 'package-progress',
      set: 'closure: gcc-12 make',
      stage: 'ready',
      durationMs: 2000,
    };
    report(out, [begin, fetched(10), 2000, fetched(50), 100, ready, 100]);
    const { frames } = await out.shown();
    expect(frames.find((frame) => frame.includes('50 %'))).toMatch(
      /^▸ packages gcc-12 \+1 .* 50 MiB of 100 MiB, \d+(\.\d)? MiB\/s\n.* 0\/4, 1 running/,
    );
    expect(frames.at(-1)).toBe('done  packages gcc-12 +1 2.0 s');
  });

  it('there is at most one write for each tenth of a second, and none without a change', () => {
    const busy = Array.from({ length: 100 }, (_, percent) => [progress('a', 'copying', percent), 10]).flat();
    const out = new Out({ isTTY: true });
    report(out, [begin, start('a'), ...busy, 99]);
    expect(out.writes).toHaveLength(1000 / 100 + 1);
    const calm = new Out({ isTTY: true });
    report(calm, [begin, start('a'), 10_050]);
    // The clock that it shows has full seconds.
    expect(calm.writes.length).toBeLessThanOrEqual(12);
  });

  it('frames stay within the terminal, however small that is', async () => {
    for (const [columns, rows] of [
      [80, 24],
      [40, 10],
      [12, 6],
      [3, 3],
      [1, 1],
    ] as const) {
      const out = new Out({ isTTY: true, columns, rows });
      report(out, [begin, ...many, progress('n0', '格式化磁盘 😀', 45), 100]);
      const lines = (out.writes[0] ?? '').replaceAll(/\x1b\[[^a-zA-Z]*[a-zA-Z]/g, '').split('\n');
      expect([columns, lines.length <= rows]).toEqual([columns, true]);
      expect((await out.shown()).text().split('\n').length).toBeLessThanOrEqual(rows);
    }
  });

  it('says how many it does not show', async () => {
    vi.stubEnv('NO_COLOR', '1');
    const out = new Out({ isTTY: true });
    report(out, [begin, ...many, 100]);
    expect((await out.shown()).frames[0]).toMatch(/\n {2}and 29 more\n/);
  });
});
