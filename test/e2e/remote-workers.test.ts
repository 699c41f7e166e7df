/** Workers that others wrote run actions with the keys that they have here, and give the same bits. */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { Buildbox, whyNoWorkers } from '../rig/buildbox.ts';
import { countingRules, Project, TestStore, type Files } from '../rig/index.ts';

const isAsked = process.env['DSMB_TESTS'] === 'all';
const skipped = isAsked ? await whyNoWorkers() : undefined;
if (skipped) console.warn(`skipped: ${skipped}`);
const test = isAsked && !skipped ? it : it.skip;

/** Of the action that takes long: how it is known among all processes of the machine. */
const SECONDS = `${300 + process.pid / 1e6}`;

const FILES: Files = {
  ...countingRules(),
  'build.dsm.ts': `
    import { combine, shell, shellFolder, staged } from './rules.ts';
    export const a = combine({ name: 'a', text: 'a\\n' });
    export const folder = shellFolder({ script: 'mkdir -p /out/folder/deep; cp /in/0 /out/folder/deep/b; ln -s /in/0 /out/folder/a', of: [a] });
    export const all = shell({ script: 'cat /in/0/a /in/0/deep/b /in/1 >/out/file', of: [folder, staged({ stages: ['one'], stepMs: 10 })] });
    export const fails = shell({ script: 'echo it says why >&2; exit 3' });
    export const late = shell({ script: 'sleep 60', timeoutMs: 1000 });
    export const long = shell({ script: 'sleep ${SECONDS}; : >/out/file', timeoutMs: 600_000 });`,
};

let server: Buildbox;
const opened: Disposable[] = [];

beforeAll(async () => {
  if (isAsked && !skipped) server = await Buildbox.start(inject('commands'));
});
afterAll(() => {
  for (const one of opened.toReversed()) one[Symbol.dispose]();
  server?.[Symbol.dispose]();
});

function machine() {
  const store = new TestStore();
  const project = new Project(store, FILES);
  opened.push(store, project);
  const build = (target: string) => project.build([target, '--remote-executor', server.address]);
  return { store, project, build };
}

const options = { tags: 'long' };

test('what workers make is what is made here, and what another machine takes', options, async () => {
  const { build, project, store } = machine();
  const there = await build('//all');
  expect([there.exitCode, there.report?.remote?.ran, store.runs('a')]).toEqual([0, 4, 0]);
  const here = machine();
  const own = await here.project.build(['//all']);
  const keys = ({ report }: typeof own) => report?.actions.map(({ key }) => key).toSorted();
  const text = (of: Project): string => readFileSync(of.output('//all', 'file'), 'utf8');
  expect([keys(there), text(project)]).toEqual([keys(own), text(here.project)]);
  const other = await machine().build('//all');
  expect([other.exitCode, other.executed, other.report?.remote?.taken]).toEqual([0, [], 4]);
});

test('what fails there is told as here, and run again though the server keeps it', options, async () => {
  const { build } = machine();
  for (let times = 0; times < 2; times++) {
    const { exitCode, stderr } = await build('//fails');
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/the command exited with 3[^]*it says why/)]);
    expect(stderr).not.toContain('warning');
  }
  expect((await build('//late')).stderr).toMatch(/ACTION_TIMEOUT.*did not end within 1 s/);
});

test('a build that is interrupted ends what runs there', options, async () => {
  const { project, store } = machine();
  const running = project.start(['build', '//long', '--remote-executor', server.address]);
  await running.untilSaid('no progress reported');
  // Not before it runs: what still waits is ended without a process.
  expect(await until(() => sleeping().length > 0)).toBe(true);
  running.interrupt();
  expect((await running.finished).exitCode).toBe(130);
  expect(await store.processesLeft()).toEqual([]);
  expect(await until(() => sleeping().length === 0)).toBe(true);
});

/** The worker's processes that wait. */
function sleeping(): string[] {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && commandOf(pid) === `sleep\0${SECONDS}\0`);
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/** Whether something comes true. */
async function until(holds: () => boolean): Promise<boolean> {
  const end = Date.now() + 60_000;
  while (!holds() && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 100));
  return holds();
}
