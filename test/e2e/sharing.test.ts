/** Builds beside each other on one store: they share work, wait for each other, and outlive each other's deaths. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { countingRules, Project, TestStore } from '../rig/index.ts';

const BUILDS = 8;
let store: TestStore;
let projects: Project[];
let salt: string;

beforeAll(() => {
  store = new TestStore();
});
afterAll(() => store[Symbol.dispose]());

beforeEach(() => {
  salt = crypto.randomUUID();
  const files = {
    ...countingRules(),
    'build.dsm.ts': `
      import { combine, shell } from './rules.ts';
      export const a = combine({ name: 'a ${salt}', text: 'a' });
      export const b = combine({ name: 'b ${salt}', text: 'b' });
      export const ab = combine({ name: 'ab ${salt}', of: [a, b] });
      export const slow = shell({ script: 'sleep 3; echo ${salt} >/out/file' });
      export const all = combine({ name: 'all ${salt}', of: [ab, slow] });`,
  };
  projects = Array.from({ length: BUILDS }, () => new Project(store, files));
});
afterEach(() => projects.forEach((project) => project[Symbol.dispose]()));

describe('eight builds at once', () => {
  it('run each action once in all', async () => {
    const builds = await Promise.all(projects.map((project) => project.build(['//all'])));
    for (const { stderr, exitCode } of builds)
      expect([exitCode, stderr]).toEqual([0, expect.stringMatching(/build succeeded/)]);
    for (const name of ['a', 'b', 'ab', 'all']) expect(store.runs(`${name} ${salt}`)).toBe(1);
    const ran = builds.flatMap(({ executed }) => executed).toSorted();
    expect(ran).toEqual(['//a', '//ab', '//all', '//b', '//slow']);
    const texts = projects.map((project) => project.read(`dsmb-out/all/all ${salt}.txt`));
    expect(new Set(texts).size).toBe(1);
    expect(await store.processesLeft()).toEqual([]);
    for (const folder of ['sandboxes', 'incoming', 'present.v1']) expect(store.names(folder)).toEqual([]);
  });
});

describe('a build that needs what another one makes', () => {
  it('waits for it and takes its result', async () => {
    const [first, second] = projects as [Project, Project];
    const maker = first.start(['build', '//slow']);
    await maker.untilSaid('start //slow');
    const waiter = await second.build(['//slow']);
    expect(waiter.stderr).toMatch(/wait {2}\/\/slow Shell/);
    expect(waiter.executed).toEqual([]);
    expect((await maker.finished).exitCode).toBe(0);
    expect(second.read('dsmb-out/slow/file')).toBe(`${salt}\n`);
  });

  it('makes it itself when the other one is killed', async () => {
    const [first, second] = projects as [Project, Project];
    const maker = first.start(['build', '//slow']);
    await maker.untilSaid('start //slow');
    const waiter = second.start(['build', '//slow']);
    await waiter.untilSaid('wait  //slow');
    maker.killBuilder();
    expect((await waiter.finished).stderr).toMatch(/done {2}\/\/slow[^]*build succeeded/);
    expect(second.read('dsmb-out/slow/file')).toBe(`${salt}\n`);
    expect(await store.processesLeft()).toEqual([]);
  });

  it('is not held up by its own Ctrl-C', { tags: 'long' }, async () => {
    const [first, second] = projects as [Project, Project];
    const maker = first.start(['build', '//slow']);
    await maker.untilSaid('start //slow');
    const waiter = second.start(['build', '//slow']);
    await waiter.untilSaid('wait  //slow');
    waiter.interrupt();
    expect((await waiter.finished).exitCode).toBe(130);
    expect((await maker.finished).exitCode).toBe(0);
  });
});

describe('garbage collection', () => {
  it('beside a running build takes nothing from it', async () => {
    const [first, second] = projects as [Project, Project];
    await second.build(['//ab']);
    await second.run(['clean']);
    const build = first.start(['build', '//all']);
    await build.untilSaid('start //slow');
    const gc = await second.run(['gc', '--max-age', '0d', '--max-size', '0']);
    expect([gc.exitCode, gc.stdout]).toEqual([0, expect.stringMatching(/spared what 1 running build may use/)]);
    const { exitCode, stderr } = await build.finished;
    expect([exitCode, stderr]).toEqual([0, expect.stringMatching(/build succeeded/)]);
    expect(store.runs(`ab ${salt}`)).toBe(1);
    expect((await first.run(['fsck'])).stdout).toMatch(/the store is sound/);
  });

  it(
    'leaves the last outputs and what is kept: a build with nothing to do still has nothing to do',
    { tags: 'long' },
    async () => {
      const [first, second] = projects as [Project, Project];
      await first.build(['//ab']);
      await second.build(['//slow']);
      expect((await second.run(['keep', '//slow'])).exitCode).toBe(0);
      await second.run(['clean']);
      expect((await first.run(['gc', '--max-age', '0d'])).exitCode).toBe(0);
      expect((await first.build(['//ab'])).executed).toEqual([]);
      expect((await second.build(['//slow'])).executed).toEqual([]);
      await second.run(['keep', '--remove', '//slow']);
      await second.run(['clean']);
      await first.run(['gc', '--max-age', '0d']);
      expect((await second.build(['//slow'])).executed).toEqual(['//slow']);
      expect((await first.build(['//ab'])).executed).toEqual([]);
    },
  );

  it('keeps to a bound at the end of a build', async () => {
    const [first] = projects as [Project];
    const { exitCode, stderr } = await first.build(['//slow'], { env: { DSMB_MAX_SIZE: '1', DSMB_MAX_AGE: '0d' } });
    expect([exitCode, stderr]).toEqual([0, expect.stringMatching(/build succeeded/)]);
    expect((await first.build(['//slow'])).executed).toEqual([]);
  });
});

describe('dsmb clean --all', () => {
  it('forgets the results of this workspace', async () => {
    const [first] = projects as [Project];
    await first.build(['//ab']);
    expect((await first.run(['clean', '--all'])).stdout).toMatch(/forgot 3 results/);
    expect((await first.build(['//ab'])).executed).toEqual(['//a', '//ab', '//b']);
  });
});
