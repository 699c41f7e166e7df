/** Watching: a change builds again, and Ctrl-C ends it with nothing left behind. */
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { countingRules, Project, TestStore } from '../rig/index.ts';

let store: TestStore;

beforeAll(() => {
  store = new TestStore();
});
afterAll(() => store[Symbol.dispose]());

/** The output is away for a moment while it is replaced. */
function readIfThere(project: Project): string {
  try {
    return project.read('dsmb-out/copy/file');
  } catch {
    return '';
  }
}

it('builds again after a change, and says which file changed', async () => {
  using project = new Project(store, {
    ...countingRules(),
    'text.txt': 'one',
    'build.dsm.ts': `
      import { file } from 'dsmb';
      import { shell } from './rules.ts';
      export const copy = shell({ script: 'cat /in/0 >/out/file', of: [file('text.txt')] });`,
  });
  const watch = project.start(['watch', '//copy']);
  await watch.untilSaid('1 executed');
  for (const text of ['two', 'three', 'four']) project.write('text.txt', text);
  await watch.untilSaid('changed text.txt');
  await expect.poll(() => readIfThere(project), { timeout: 60_000 }).toBe('four');
  watch.interrupt('SIGINT');
  const { exitCode, stderr } = await watch.finished;
  expect(exitCode).toBe(130);
  expect(stderr).not.toMatch(/\n\s+at /);
  expect(await store.processesLeft()).toEqual([]);
});

it('names the file that was saved, whatever the editor makes on the way', async () => {
  using project = new Project(store, {
    ...countingRules(),
    'text.txt': 'old',
    'build.dsm.ts': `
      import { file } from 'dsmb';
      import { shell } from './rules.ts';
      export const copy = shell({ script: 'cat /in/0 >/out/file', of: [file('text.txt')] });`,
  });
  const watch = project.start(['watch', '//copy']);
  await watch.untilSaid('1 executed');
  await execa('sed', ['--in-place', 's/old/new/', 'text.txt'], { cwd: project.folder });
  project.write('.text.txt.swp', 'of vim');
  await watch.untilSaid('changed text.txt\n');
  await expect.poll(() => readIfThere(project), { timeout: 60_000 }).toBe('new');
  watch.interrupt('SIGINT');
  const { stderr } = await watch.finished;
  expect(stderr).not.toMatch(/changed .*(sed|swp)/);
});
