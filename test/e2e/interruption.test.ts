/** Builds that are ended from outside: nothing goes on running, nothing half done counts, the next build goes on. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { countingRules, Project, TestStore } from '../rig/index.ts';

let store: TestStore;
let project: Project;

beforeAll(() => {
  store = new TestStore();
});
afterAll(() => store[Symbol.dispose]());

beforeEach(() => {
  project = new Project(store, {
    ...countingRules(),
    'build.dsm.ts': `
      import { combine, shell } from './rules.ts';
      export const quick = combine({ name: 'quick', text: '${crypto.randomUUID()}' });
      export const slow = shell({ script: 'echo half >/out/file; sleep 1000 & sleep 1000', of: [quick] });`,
  });
});
afterEach(() => project[Symbol.dispose]());

const finishedQuickly = (): void => project.edit('build.dsm.ts', 'sleep 1000 & sleep 1000', 'echo whole >/out/file');

describe('Ctrl-C', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('ends everything at once (%s)', async (signal) => {
    const build = project.start(['build', '//slow']);
    await build.untilSaid('start //slow');
    build.interrupt(signal);
    const { exitCode, stderr } = await build.finished;
    expect(exitCode).toBe(130);
    expect(stderr).not.toMatch(/\n\s+at /);
    // Only who pressed Ctrl-C is there to go on.
    const next = signal === 'SIGINT' ? '; run the same command to continue' : '';
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(
      new RegExp(`^interrupted after \\d.* \\(\\d executed, \\d cached\\)${next}$`),
    );
    expect(await store.processesLeft()).toEqual([]);
    expect(store.names('sandboxes')).toEqual([]);
    expect(store.names('incoming')).toEqual([]);
  });

  it('keeps what was finished', async () => {
    const build = project.start(['build', '//slow']);
    await build.untilSaid('start //slow');
    build.interrupt();
    await build.finished;
    finishedQuickly();
    const next = await project.build(['//slow']);
    expect(next.executed).toEqual(['//slow']);
    expect(project.read('dsmb-out/slow/file')).toBe('whole\n');
  });

  it('ends a build whose parallel actions all run', { tags: 'long' }, async () => {
    const sleepers = ['a', 'b', 'c', 'd'];
    project.write(
      'build.dsm.ts',
      `import { shell } from './rules.ts';
       ${sleepers.map((name) => `export const ${name} = shell({ script: 'sleep 1000; echo ${name}' });`).join('\n')}`,
    );
    const build = project.start(['build', ...sleepers.map((name) => `//${name}`)]);
    await build.untilSaid('start //b');
    build.interrupt();
    expect((await build.finished).exitCode).toBe(130);
    expect(await store.processesLeft()).toEqual([]);
    expect(store.names('sandboxes')).toEqual([]);
  });
});

describe('a sandbox that is just being made', () => {
  // Times to be spread over what the start of a sandbox takes; that each of them hits another point is not asserted.
  it.each([8])('is not left behind (%i ms)', isNotLeftBehind);
  it.each([0, 2, 4, 15, 30, 60])('is not left behind (%i ms)', { tags: 'long' }, isNotLeftBehind);

  async function isNotLeftBehind(ms: number): Promise<void> {
    await project.build(['//quick']);
    const build = project.start(['build', '//slow']);
    await build.untilSaid('start //slow');
    await new Promise((resolve) => setTimeout(resolve, ms));
    build.interrupt();
    expect((await build.finished).exitCode).toBe(130);
    expect(await store.processesLeft()).toEqual([]);
    expect(store.names('sandboxes')).toEqual([]);
  }
});

describe('kill -9', () => {
  it('of the builder ends what it started, and the next build goes on and sweeps', async () => {
    const build = project.start(['build', '//slow']);
    await build.untilSaid('start //slow');
    build.killBuilder();
    expect((await build.finished).signal).toBe('SIGKILL');
    expect(await store.processesLeft()).toEqual([]);
    expect(store.names('sandboxes')).toHaveLength(1);

    finishedQuickly();
    const next = await project.build(['//slow']);
    expect(next.exitCode).toBe(0);
    expect(next.executed).toEqual(['//slow']);
    expect(project.read('dsmb-out/slow/file')).toBe('whole\n');
    expect(store.names('sandboxes')).toEqual([]);
    expect(store.names('incoming')).toEqual([]);
  });
});
