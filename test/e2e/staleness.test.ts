/** What runs, and what does not run again: an action runs only when the content of what it reads has changed. */
import { chmodSync, renameSync, rmSync, statSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { countingRules, Project, TestStore } from '../rig/index.ts';

const BUILD_FILE = `
import { file, folder, param } from 'dsmb';
import { combine } from './rules.ts';

/** A greeting. */
export const greeting = param.string({ default: 'hello', doc: 'how to greet' });
export const source = file('source.txt');
export const tree = folder('tree');

export const head = combine({ name: 'head', of: [source], lines: 1 });
export const body = combine({ name: 'body', of: [head], text: 'of the head: ' });
export const whole = combine({ name: 'whole', of: [source] });
export const part = combine({ name: 'part', of: [tree], at: 'deep/used.txt' });
export const greeted = combine({ name: 'greeted', text: greeting });
export const all = combine({ name: 'all', of: [body, whole, part, greeted] });
`;

const EVERYTHING = ['all', 'body', 'greeted', 'head', 'part', 'whole'];

let store: TestStore;
let project: Project;

beforeAll(() => {
  store = new TestStore();
});
afterAll(() => store[Symbol.dispose]());

beforeEach(async () => {
  project = new Project(store, {
    ...countingRules(),
    'build.dsm.ts': BUILD_FILE,
    // Other bytes than those of the other tests, which share the store.
    'source.txt': `first of ${crypto.randomUUID()}\nsecond\n`,
    'tree/deep/used.txt': `used by ${crypto.randomUUID()}\n`,
    'tree/unused.txt': 'unused\n',
  });
  await build();
});
afterEach(() => project[Symbol.dispose]());

/** Builds `//all` and gives the names of what ran, as the report says and as the commands themselves have counted. */
async function build(...args: string[]): Promise<string[]> {
  const before = EVERYTHING.map((name) => store.runs(name));
  const { exitCode, stderr, executed } = await project.build(['//all', ...args]);
  expect(stderr).toMatch(/build succeeded/);
  expect(exitCode).toBe(0);
  const counted = EVERYTHING.filter((name, index) => store.runs(name) !== before[index]);
  expect(counted.map((name) => `//${name}`)).toEqual(executed);
  return counted;
}

describe('a build', () => {
  it('runs everything once, then nothing', async () => {
    project.write('source.txt', `first ${crypto.randomUUID()}\n`);
    project.write('tree/deep/used.txt', `used ${crypto.randomUUID()}\n`);
    expect(await build('--set', `greeting=${crypto.randomUUID()}`)).toEqual(EVERYTHING);
    const [first, used] = [project.read('source.txt'), project.read('tree/deep/used.txt')];
    expect(project.read('dsmb-out/all/all.txt')).toContain(`of the head: ${first.trim()}${first}${used}`);
    await build();
    expect(await build()).toEqual([]);
  });

  it('runs nothing in another folder with the same content', { tags: 'long' }, async () => {
    const files = ['source.txt', 'tree/deep/used.txt', 'tree/unused.txt'].map((path) => [path, project.read(path)]);
    using twin = new Project(store, {
      ...countingRules(),
      'build.dsm.ts': BUILD_FILE,
      ...Object.fromEntries(files),
    });
    expect((await twin.build(['//all'])).executed).toEqual([]);
    expect(twin.read('dsmb-out/all/all.txt')).toBe(project.read('dsmb-out/all/all.txt'));
  });

  it('gives what a clean build gives', { tags: 'long' }, async () => {
    project.write('source.txt', 'first\nchanged\n');
    await build();
    const incremental = project.read('dsmb-out/all/all.txt');
    using empty = new TestStore();
    using clean = new Project(empty, {
      ...countingRules(),
      'build.dsm.ts': BUILD_FILE,
      'source.txt': 'first\nchanged\n',
      'tree/deep/used.txt': project.read('tree/deep/used.txt'),
    });
    expect((await clean.build(['//all'])).executed).toHaveLength(EVERYTHING.length);
    expect(clean.read('dsmb-out/all/all.txt')).toBe(incremental);
  });
});

describe('a changed file', () => {
  it('runs what reads it, and stops where the result is the same (early cutoff)', async () => {
    project.write('source.txt', project.read('source.txt').replace('second', 'another second'));
    expect(await build()).toEqual(['all', 'head', 'whole']);
  });

  it('runs nothing when it is changed back', { tags: 'long' }, async () => {
    const before = project.read('source.txt');
    project.write('source.txt', `${before}more\n`);
    expect(await build()).toContain('whole');
    project.write('source.txt', before);
    expect(await build()).toEqual([]);
  });

  it('runs nothing when only its time has changed', { tags: 'long' }, async () => {
    project.write('source.txt', project.read('source.txt'));
    expect(await build()).toEqual([]);
  });

  it('is seen at once, even with the same size', { tags: 'long' }, async () => {
    const before = project.read('source.txt');
    project.write('source.txt', before.replace('second', 'SECOND'));
    expect(await build()).toContain('whole');
  });

  it('of a folder runs only those who take that file out of it', async () => {
    project.write('tree/unused.txt', 'changed\n');
    project.write('tree/deep/more.txt', 'new\n');
    expect(await build()).toEqual([]);
    project.write('tree/deep/used.txt', `changed ${crypto.randomUUID()}\n`);
    expect(await build()).toEqual(['all', 'part']);
  });
});

describe('an input that is edited while its action runs', () => {
  it.each([['in place', (text: string) => project.write('source.txt', text)]])(
    '%s stays what it was for this action, and is new for the next build',
    staysForThisAction,
  );

  it.each([
    [
      'by another file in its place',
      (text: string) => {
        project.write('source.txt.new', text);
        renameSync(project.path('source.txt.new'), project.path('source.txt'));
      },
    ],
  ])('%s stays what it was for this action, and is new for the next build', { tags: 'long' }, staysForThisAction);

  async function staysForThisAction(_how: string, edit: (text: string) => void): Promise<void> {
    project.write(
      'build.dsm.ts',
      `import { file } from 'dsmb';
       import { shell } from './rules.ts';
       export const source = file('source.txt');
       export const slow = shell({ script: 'cat /in/0 >/out/file; sleep 3; cat /in/0 >>/out/file', of: [source] });`,
    );
    const [before, after] = [`before ${crypto.randomUUID()}\n`, `after! ${crypto.randomUUID()}\n`];
    const ran = async (): Promise<readonly string[]> => (await project.build(['//slow'])).executed;
    const output = (): string => project.read('dsmb-out/slow/file');
    project.write('source.txt', before);
    const build = project.start(['build', '//slow']);
    await build.untilSaid('start //slow');
    edit(after);
    expect((await build.finished).exitCode).toBe(0);
    expect(output()).toBe(before + before);
    expect([await ran(), output()]).toEqual([['//slow'], after + after]);
    edit(before);
    expect([await ran(), output()]).toEqual([[], before + before]);
  }
});

describe('a parameter', () => {
  it('runs exactly what reads it, and nothing when it is set back', async () => {
    const other = `greeting=${crypto.randomUUID()}`;
    expect(await build('--set', other)).toEqual(['all', 'greeted']);
    expect(await build()).toEqual([]);
    expect(await build('--set', other)).toEqual([]);
  });

  it('may stand in dsmb.params.json', { tags: 'long' }, async () => {
    const greeting = crypto.randomUUID();
    project.write('dsmb.params.json', JSON.stringify({ greeting }));
    expect(await build()).toEqual(['all', 'greeted']);
    expect(project.read('dsmb-out/all/all.txt')).toContain(greeting);
    expect(await build('--set', 'greeting=hello')).toEqual([]);
  });
});

describe('code', () => {
  it.each([
    ['the build file', 'build.dsm.ts', '/** A greeting. */'],
    ['a rule', 'rules.ts', '/** Small rules for tests. */'],
    ['a step', 'combine.step.ts', "import { fail, step } from 'dsmb/step';"],
  ])('runs nothing when a comment changes in %s', { tags: 'long' }, async (_what, path, where) => {
    project.edit(path, where, `${where}\n// one more comment\n`);
    expect(await build()).toEqual([]);
  });

  it('runs nothing when a rule comes to be written in another way', { tags: 'long' }, async () => {
    project.edit('rules.ts', "text = '', of = [], at, lines = 1000 }", "lines = 1000, at, of = [], text = '' }");
    project.edit('rules.ts', 'args: { name, text, lines }', 'args: { lines, text, name }');
    expect(await build()).toEqual([]);
  });

  it('runs nothing when a target is renamed', { tags: 'long' }, async () => {
    project.edit('build.dsm.ts', 'export const greeted = combine({ name', 'export const welcomed = combine({ name');
    project.edit('build.dsm.ts', 'of: [body, whole, part, greeted]', 'of: [body, whole, part, welcomed]');
    expect(await build()).toEqual([]);
  });

  it('runs every action of a step that comes to do something else', async () => {
    project.edit('combine.step.ts', ".join('\\n'));", `.join('\\n') + '${crypto.randomUUID()}');`);
    expect(await build()).toEqual(EVERYTHING);
  });
});

describe('the delivered output', () => {
  it('is put back when it was removed, without running anything', async () => {
    const before = project.read('dsmb-out/all/all.txt');
    project.write('dsmb-out/all/alien.txt', 'not ours');
    expect(await build()).toEqual([]);
    expect(project.read('dsmb-out/all/all.txt')).toBe(before);
    rmSync(project.path('dsmb-out'), { recursive: true });
    expect(await build()).toEqual([]);
    expect(project.read('dsmb-out/all/all.txt')).toBe(before);
  });

  it('becomes a program when its source does', { tags: 'long' }, async () => {
    const delivered = (): number => statSync(project.output('//source', 'source.txt')).mode & 0o111;
    await project.build(['//source']);
    expect(delivered()).toBe(0);
    chmodSync(project.path('source.txt'), 0o755);
    await project.build(['//source']);
    expect(delivered()).not.toBe(0);
  });
});
