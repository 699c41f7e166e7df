/** What a person sees: the command line on a real terminal, frame by frame, and without one. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { countingRules, Project, TestStore } from '../rig/index.ts';
import { TerminalRun } from '../rig/terminal.ts';

let store: TestStore;
let project: Project;

beforeAll(() => {
  store = new TestStore();
});
afterAll(() => store[Symbol.dispose]());

beforeEach(() => {
  const salt = crypto.randomUUID();
  project = new Project(store, {
    ...countingRules(),
    'build.dsm.ts': `
      import { combine, shell, staged } from './rules.ts';
      export const quick = combine({ name: 'quick', text: '${salt}' });
      export const disk = staged({ stages: ['格式化磁盘 😀', 'installing ${salt.slice(0, 4)}'], stepMs: 150 });
      export const other = shell({ script: 'sleep 2; cat /in/0 >/out/file', of: [quick] });
      export const all = combine({ name: 'all', of: [other, disk] });
      export const long = shell({ script: 'sleep 10; echo ${salt} >/out/file' });
      export const forEver = shell({ script: 'sleep 1000; echo ${salt}' });`,
  });
});
afterEach(() => project[Symbol.dispose]());

/** Modes that a program must set back before it ends: hidden cursor, no line breaks, other screen, keypad, mouse. */
const MODES = /\x1b\[\?(25|7|1049|47|1|1000)[hl]|\x1b[=>78c]/;
const BLOCK = /▸|◦|running|critical path/;

describe('on a terminal', () => {
  it('frames show what runs and how far it is; at the end only what stays is there', async () => {
    const run = new TerminalRun(project, ['build', '//all'], { columns: 90 });
    expect(await run.ended()).toBe(0);
    const { frames } = run.screen;
    const blocks = frames.filter((frame) => BLOCK.test(frame)).map((frame) => frame.split('\n').slice(1));
    expect(frames.some((frame) => /▸ \/\/disk Staged {2}0:\d\d {2}━+╌+ {2}[1-9]0 % {2}格式化磁盘 😀/.test(frame))).toBe(
      true,
    );
    for (const lines of blocks) {
      const first = lines.findIndex((line) => BLOCK.test(line));
      const shown = lines.join('\n');
      // Lines that stay stand above, what goes on stands below, once, and its summary is the last but for the path.
      expect(
        lines.slice(0, first).every((line) => /^done {2}/.test(line)),
        `in the frame\n${shown}`,
      ).toBe(true);
      expect(
        lines.slice(first).every((line) => /^(▸ |◦ | {2})/.test(line)),
        `in the frame\n${shown}`,
      ).toBe(true);
      expect(
        lines.filter((line) => /\d\/4, \d running/.test(line)),
        `in the frame\n${shown}`,
      ).toHaveLength(1);
    }
    expect(blocks.length).toBeGreaterThan(5);
    expect(
      run
        .lines()
        .map((line) => line.replace(/ [\d.]+ m?s/, ' TIME'))
        .toSorted(),
    ).toEqual([
      '//all → dsmb-out/all/all.txt',
      'build succeeded in TIME: 4 actions (4 executed, 0 cached)',
      'done  //all Combine TIME',
      'done  //disk Staged TIME',
      'done  //other Shell TIME',
      'done  //quick Combine TIME',
    ]);
    expect(run.output).not.toMatch(MODES);
  });

  it('the second time it says how long it will take, and on what that depends', { tags: 'long' }, async () => {
    await project.build(['//all']);
    project.edit('build.dsm.ts', '格式化磁盘', '分区');
    const run = new TerminalRun(project, ['build', '//all'], { columns: 90 });
    expect(await run.ended()).toBe(0);
    const { frames } = run.screen;
    expect(frames.some((frame) => /▸ \/\/disk Staged {2}0:\d\d of about 0:\d\d/.test(frame))).toBe(true);
    expect(frames.some((frame) => /2\/4, 1 running, about \d+ s left/.test(frame))).toBe(true);
    expect(frames.some((frame) => frame.includes('critical path: //disk Staged → //all Combine'))).toBe(true);
  });

  it('a build with nothing to do prints one line', async () => {
    await project.build(['//quick']);
    const run = new TerminalRun(project, ['build', '//quick']);
    expect(await run.ended()).toBe(0);
    expect(run.lines()).toEqual([expect.stringMatching(/^build succeeded in .*: 1 action \(0 executed, 1 cached\)$/)]);
    expect(run.screen.frames.some((frame) => BLOCK.test(frame))).toBe(false);
  });

  it('another size leaves nothing behind', { tags: 'long' }, async () => {
    const run = new TerminalRun(project, ['build', '//all'], { columns: 100 });
    await run.untilShown(/▸ .* [1-3]0 %/);
    for (const columns of [40, 24, 120]) {
      await run.resize(columns, 12);
      await run.untilDrawn();
    }
    expect(await run.ended()).toBe(0);
    expect(run.lines().filter((line) => BLOCK.test(line))).toEqual([]);
    expect(run.lines().filter((line) => line.startsWith('done  '))).toHaveLength(4);
  });

  it.each([[8, 3]])('its frames stay within %i columns and %i rows', staysWithin);

  it.each([[20, 6]])('its frames stay within %i columns and %i rows', { tags: 'long' }, staysWithin);

  async function staysWithin(columns: number, rows: number): Promise<void> {
    const run = new TerminalRun(project, ['build', '//all'], { columns, rows });
    expect(await run.ended()).toBe(0);
    expect(run.lines().filter((line) => BLOCK.test(line))).toEqual([]);
    expect(run.lines().join('')).toMatch(/build succeeded/);
  }

  it('Ctrl-C ends it, and the terminal is as it was', async () => {
    const run = new TerminalRun(project, ['build', '//forEver']);
    await run.untilShown(/▸ \/\/forEver Shell {2}0:\d[1-9]/);
    run.type('\x03');
    expect(await run.ended()).toBe(130);
    expect(run.lines().filter((line) => BLOCK.test(line))).toEqual([]);
    expect(run.screen.column).toBe(0);
    expect(run.output).not.toMatch(MODES);
    expect(await store.processesLeft()).toEqual([]);
  });

  it('a kill leaves nothing of it set', { tags: 'long' }, async () => {
    const run = new TerminalRun(project, ['build', '//forEver']);
    await run.untilShown(/▸ \/\/forEver Shell {2}0:\d[1-9]/);
    const builder = store.processes().find((line) => /cli\/main\.ts build/.test(line));
    process.kill(Number.parseInt(builder!, 10), 'SIGKILL');
    expect(await run.ended()).toBe(137);
    expect(run.output).not.toMatch(MODES);
    expect(run.output.split('\x1b[?2026h').length).toBe(run.output.split('\x1b[?2026l').length);
    expect(await store.processesLeft()).toEqual([]);
  });

  it('what another process makes is waited for, and says so', { tags: 'long' }, async () => {
    const maker = project.start(['build', '//long']);
    await maker.untilSaid('start //long');
    const run = new TerminalRun(project, ['build', '//long']);
    await run.untilShown(/◦ \/\/long Shell {2}0:\d\d {2}another build is making it\n.*1 waiting/);
    expect(await run.ended()).toBe(0);
    expect((await maker.finished).exitCode).toBe(0);
    expect(run.lines().at(-1)).toMatch(/0 executed, 1 cached/);
  });
});

describe('without a terminal', () => {
  it('there are plain lines, and colours only where they are asked for', async () => {
    const plain = await project.run(['build', '//disk'], { env: { NO_COLOR: undefined } });
    expect(plain.stderr).not.toContain('\x1b');
    expect(plain.stderr).toMatch(
      /^start \/\/disk Staged\n {6}\/\/disk Staged: 格式化磁盘 😀 0 %\n[^]*done {2}\/\/disk Staged/m,
    );
    const colours = { NO_COLOR: undefined, FORCE_COLOR: '1' };
    project.edit('build.dsm.ts', '格式化磁盘', '分区');
    const painted = await project.run(['build', '//disk'], { env: colours });
    expect(painted.stderr).toMatch(/\x1b\[32mdone \x1b\[0m \/\/disk/);
    expect(painted.stderr).not.toMatch(/\x1b\[[^m]*[A-La-l]/);
  });

  it('--quiet says nothing where nothing goes wrong', async () => {
    expect(await project.run(['build', '--quiet', '//quick'])).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    project.edit('build.dsm.ts', 'sleep 1000', 'exit 3');
    const failed = await project.run(['build', '-q', '//forEver']);
    expect(failed.exitCode).toBe(1);
    expect(failed.stderr).toMatch(/^error ACTION_FAILED \/\/forEver/);
  });
});
