/** What `dsmb shell` starts at a terminal has one of its own, as good as the user's. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Project, TestStore } from '../rig/index.ts';
import { TerminalRun } from '../rig/terminal.ts';

let store: TestStore;
let project: Project;

beforeAll(async () => {
  store = new TestStore();
  project = new Project(store, {
    'rules.ts': readFileSync(new URL('fixture/rules.ts', import.meta.url), 'utf8'),
    'build.dsm.ts': `
      import { hostile } from './rules.ts';
      export const made = hostile({ script: 'echo made >/out/file' });`,
  });
  // A terminal shows what is fetched and unpacked; here only what the shell says counts.
  expect((await project.build(['//made'])).exitCode).toBe(0);
});
afterAll(() => {
  project[Symbol.dispose]();
  store[Symbol.dispose]();
});

/** Runs a script of the shell in the sandbox, at a terminal. */
function atTerminal(script: string): TerminalRun {
  return new TerminalRun(project, ['shell', '//made', '--', '/bin/dash', '-c', script], { columns: 100, rows: 30 });
}

it('is another terminal than the user’s, of the same size, and hands on the exit code', async () => {
  const run = atTerminal('[ -t 0 ] && [ -t 1 ] && echo "inside $(readlink /proc/self/fd/0)"; stty size; exit 7');
  expect(await run.ended()).toBe(7);
  const [, outside = ''] = /terminal (\S+)/.exec(run.output) ?? [];
  const [, inside = ''] = /inside (\S+)/.exec(run.output) ?? [];
  expect([outside, inside]).toEqual([expect.stringMatching(/^\/dev\/pts\//), expect.stringMatching(/\d|console/)]);
  expect(inside).not.toBe(outside);
  expect(run.output).toMatch(/^30 100\r?$/m);
});

it('follows the size of the window, and passes keys on', async () => {
  const run = atTerminal('echo ready; read line; stty size; echo "read $line"');
  await run.untilWritten(/ready/);
  await run.resize(70, 20);
  run.type('some words\r');
  expect(await run.ended()).toBe(0);
  expect(run.output).toMatch(/^20 70\r?$/m);
  expect(run.output).toMatch(/^read some words\r?$/m);
});

it('ends with Ctrl-C what does not handle it, and leaves nothing', async () => {
  const run = atTerminal('echo ready; exec sleep 1000');
  await run.untilWritten(/ready/);
  run.type('\u0003');
  expect(await run.ended()).toBe(130);
  expect(await store.processesLeft()).toEqual([]);
  expect(store.names('sandboxes')).toEqual([]);
});
