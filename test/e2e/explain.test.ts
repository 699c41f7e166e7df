/** Explanations: why an action ran, what would run, what it said, and questions about the graph. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { countingRules, Project, TestStore, type Files } from '../rig/index.ts';

const BUILD_FILE = `
import { file, folder, param } from 'dsmb';
import { combine, shell } from './rules.ts';

export const greeting = param.string({ default: 'hello', doc: 'how to greet' });
export const tree = folder('tree');

export const head = combine({ name: 'head', of: [file('source.txt')], lines: 1 });
export const greeted = combine({
  name: 'greeted',
  text: greeting,
  lines: 7,
});
export const said = shell({ script: 'echo of the shell; echo done > /out/file', of: [tree] });
export const check = combine({ name: 'check', of: [head] });
export const all = combine({ name: 'all', of: [head, greeted, said], validations: [check] });
`;

interface Cause {
  readonly kind: string;
  readonly name: string;
  readonly before?: string;
  readonly after?: string;
  readonly location?: { readonly line: number; readonly column: number };
  readonly madeBy?: string;
  readonly details?: readonly { readonly name: string }[];
}

interface Row {
  readonly label: string;
  readonly outcome: string;
  readonly state: string;
  readonly change: string;
  readonly reason: string;
  readonly text: string | null;
  readonly key: string | null;
  readonly unknownUntil: readonly string[];
  readonly expectedMs: number | null;
  readonly causes: readonly Cause[];
}

let store: TestStore;
let files: Files;
let project: Project;

beforeAll(() => {
  store = new TestStore();
});
afterAll(() => store[Symbol.dispose]());

beforeEach(() => {
  files = {
    ...countingRules(),
    'build.dsm.ts': BUILD_FILE,
    'source.txt': `first of ${crypto.randomUUID()}\nsecond\n`,
    'tree/deep/one.txt': `one of ${crypto.randomUUID()}\n`,
    'tree/two.txt': 'two\n',
  };
  project = new Project(store, files);
});
afterEach(() => project[Symbol.dispose]());

async function build(...args: string[]): Promise<void> {
  const { exitCode, stderr } = await project.build(['//all', ...args]);
  expect(stderr).toMatch(/build succeeded/);
  expect(exitCode).toBe(0);
}

/** The rows of a command with --json, by label. */
const rows = (...args: string[]): Promise<ReadonlyMap<string, Row>> => rowsIn(project, ...args);

async function rowsIn(of: Project, ...args: string[]): Promise<ReadonlyMap<string, Row>> {
  const { stdout, stderr } = await of.run([...args, '--json']);
  if (stdout === '') throw new Error(stderr);
  return new Map((JSON.parse(stdout) as { actions: Row[] }).actions.map((row) => [row.label, row]));
}

describe('dsmb why', () => {
  it('says that nothing was built, or that it was built for the first time', async () => {
    const { exitCode, stderr } = await project.run(['why', '//all']);
    expect(stderr).toMatch(/NEVER_BUILT .* never built here/);
    expect(exitCode).toBe(2);
    await build();
    expect((await rows('why', '//all')).get('//head')).toMatchObject({ change: 'never' });
  });

  it('names the file, and what follows from it', { tags: 'long' }, async () => {
    await build();
    project.write('source.txt', `other ${crypto.randomUUID()}\n`);
    await build();
    const why = await rows('why', '//all');
    expect(why.get('//head')).toMatchObject({ outcome: 'executed', change: 'changed' });
    expect(why.get('//head')!.causes).toMatchObject([{ kind: 'file', name: project.path('source.txt') }]);
    expect(why.get('//all')!.causes).toMatchObject([{ kind: 'input', name: 'in0', madeBy: '//head (Combine)' }]);
    expect(why.get('//said')).toMatchObject({ outcome: 'cached', change: 'equal', causes: [] });
    expect(why.get('//check')).toMatchObject({ outcome: 'executed' });
  });

  it('names the file inside a folder', { tags: 'long' }, async () => {
    await build();
    project.write('tree/deep/one.txt', 'changed\n');
    project.write('tree/new.txt', 'new\n');
    await build();
    const [cause] = (await rows('why', '//said')).get('//said')!.causes;
    expect(cause).toMatchObject({
      kind: 'file',
      name: project.path('tree'),
      details: [{ name: 'deep/one.txt' }, { name: 'new.txt' }],
    });
  });

  it('names the parameter, with the attribute that reads it and where', async () => {
    await build();
    await build('--set', 'greeting=good day');
    const [cause] = (await rows('why', '//greeted')).get('//greeted')!.causes;
    expect(cause).toMatchObject({
      ...{ kind: 'parameter', name: 'greeting', before: '"hello"', after: '"good day"' },
      location: { line: 11, column: 3 },
    });
  });

  it('names the attribute and its place', { tags: 'long' }, async () => {
    await build();
    project.edit('build.dsm.ts', 'lines: 7', 'lines: 8');
    await build();
    const [cause] = (await rows('why', '//greeted')).get('//greeted')!.causes;
    expect(cause).toMatchObject({
      kind: 'attribute',
      name: 'lines',
      before: '7',
      after: '8',
      location: { line: 12, column: 3 },
    });
    expect((await project.run(['why', '//greeted'])).stdout).toMatch(/attribute lines: 7 → 8 build\.dsm\.ts:12:3/);
  });

  it('names the source of a step, and not for a comment', { tags: 'long' }, async () => {
    await build();
    project.edit('combine.step.ts', 'import { fail', '// A comment.\nimport { fail');
    await build();
    expect((await rows('why', '//head')).get('//head')).toMatchObject({ outcome: 'cached', change: 'equal' });
    project.edit('combine.step.ts', '.map(read).join', '.map(read).concat([]).join');
    await build();
    const step = (await rows('why', '//head')).get('//head')!.causes.find(({ kind }) => kind === 'step');
    expect(step).toMatchObject({ details: [{ name: project.path('combine.step.ts') }] });
  });

  it('compares with an older build, and knows a result of the store', { tags: 'long' }, async () => {
    await build();
    await build('--set', 'greeting=two');
    await build();
    expect((await rows('why', '//greeted')).get('//greeted')).toMatchObject({ outcome: 'cached', change: 'changed' });
    expect((await rows('why', '//greeted', '--since', '2')).get('//greeted')).toMatchObject({ change: 'equal' });
    const { stdout, exitCode } = await project.run(['why', '//greeted', '--since', '77']);
    expect([stdout, exitCode]).toEqual(['', 2]);
  });
});

describe('dsmb plan', () => {
  it('says what would run, what may, and for how long, and runs nothing', async () => {
    expect((await rows('plan', '//head')).get('//head')).toMatchObject({
      reason: expect.stringMatching(/never|packages/) as string,
    });
    await build();
    const before = store.runs('head');
    project.write('source.txt', `other ${crypto.randomUUID()}\n`);
    const plan = await rows('plan', '//all');
    expect(plan.get('//head')).toMatchObject({ state: 'runs', causes: [{ kind: 'file' }] });
    expect(plan.get('//head')!.expectedMs).toBeGreaterThanOrEqual(0);
    expect(plan.get('//all')).toMatchObject({ state: 'unknown', reason: 'input of //head Combine' });
    expect(plan.get('//greeted')).toMatchObject({ state: 'cached' });
    expect(store.runs('head')).toBe(before);
  });

  it('has an exit code for CI', async () => {
    await build();
    expect((await project.run(['plan', '//all', '--fail-on-run'])).exitCode).toBe(0);
    const stale = ['plan', '//all', '--set', `greeting=${crypto.randomUUID()}`];
    expect((await project.run([...stale, '--fail-on-run'])).exitCode).toBe(1);
    expect((await project.run(stale)).exitCode).toBe(0);
  });
});

describe('dsmb actions', () => {
  it('shows keys as far as they are known', { tags: 'long' }, async () => {
    await build();
    project.write('source.txt', `other ${crypto.randomUUID()}\n`);
    const actions = await rows('actions', '//all');
    expect(actions.get('//head')!.key).toMatch(/^[0-9a-f]{64}\/\d+$/);
    expect(actions.get('//all')).toMatchObject({ key: null, unknownUntil: ['//head Combine'] });
    expect((await project.run(['actions', '//all'])).stdout).toContain('unknown until //head Combine has run');
  });
});

describe('dsmb log', () => {
  it('shows the output of the last run, also when it is cached', async () => {
    await build();
    expect((await rows('log')).get('//said')).toMatchObject({ text: 'of the shell\n' });
    await build();
    expect((await project.run(['log'])).stdout).toBe('nothing ran\n');
    expect((await rows('log', '//said')).get('//said')).toMatchObject({ text: 'of the shell\n' });
  });

  it('shows what failed', { tags: 'long' }, async () => {
    project.edit('build.dsm.ts', 'echo done', 'echo broken >&2; exit 3; echo done');
    expect((await project.build(['//said'])).exitCode).toBe(1);
    const { stdout } = await project.run(['log', '--failed']);
    expect(stdout).toMatch(/^\/\/said Shell: failed .*\n.*exited with 3\nof the shell\nbroken\n$/);
    expect((await rows('plan', '//said')).get('//said')).toMatchObject({ reason: 'it failed last time' });
  });
});

describe('dsmb query', () => {
  const ask = async (...args: string[]): Promise<string[]> =>
    (await project.run(['query', ...args])).stdout.split('\n').filter((line) => line !== '');

  it('answers with targets, parameters and sources', async () => {
    expect((await ask('deps(//all)')).toSorted()).toEqual(
      ['//all', '//greeted', '//head', '//said', '//tree', 'param:greeting', 'source.txt', 'tree'].toSorted(),
    );
    expect((await ask('rdeps(//..., source.txt)')).toSorted()).toEqual(['//all', '//check', '//head', 'source.txt']);
    expect(await ask('somepath(//all, greeting)')).toEqual(['//all', '//greeted', 'param:greeting']);
    expect(await ask('tests(deps(//all))')).toEqual(['//check']);
    expect(await ask('kind(shell, //...) + attr(lines, "^7$", //...)')).toEqual(['//said', '//greeted']);
    expect(await ask('//greeted', '--output', 'location')).toEqual(['build.dsm.ts:9:24: combine //greeted']);
  });

  it('draws arrows as data goes', async () => {
    expect(await ask('deps(//greeted)', '--output', 'mermaid')).toContain('  n1 --> n0');
  });

  it('knows a file by the folder that is a source', { tags: 'long' }, async () => {
    expect((await ask('rdeps(//..., tree/deep/one.txt)')).toSorted()).toEqual(
      (await ask('rdeps(//..., tree)')).toSorted(),
    );
    const { stderr, exitCode } = await project.run(['query', 'rdeps(//..., tree/none.txt)']);
    expect([stderr, exitCode]).toEqual([expect.stringContaining("source file 'tree/none.txt'"), 2]);
  });

  it('points at what is wrong', async () => {
    const { stderr, exitCode } = await project.run(['query', 'deps(//al)']);
    expect(stderr).toMatch(/deps\(\/\/al\)\n {7}\^\n.*did you mean \/\/all\?/);
    expect(exitCode).toBe(2);
    const parameter = await project.run(['query', 'rdeps(//..., greting)']);
    expect(parameter.stderr).toMatch(/hint: did you mean (param:)?greeting\?/);
  });

  it('warns of a rule, a kind or an attribute that nothing has, and of no pattern', { tags: 'long' }, async () => {
    const said = async (query: string): Promise<string> => {
      const { stdout, stderr, exitCode } = await project.run(['query', query]);
      expect([stdout, exitCode]).toEqual(['', 0]);
      return stderr;
    };
    expect(await said('kind("^shel$", //...)')).toMatch(
      /^warning UNKNOWN_KIND .*'shel'\n.*\n {7}\^\n {2}hint: did you mean shell\?\n$/,
    );
    expect(await said('attr(line, "7", //...)')).toMatch(
      /^warning UNKNOWN_ATTRIBUTE .*'line'\n.*\n {7}\^\n {2}hint: did you mean lines\?\n$/,
    );
    for (const query of ['kind("sh.ls", //...)', 'attr(lines, "8", //...)', 'filter(nothing, //...)'])
      expect(await said(query)).toBe('');
  });
});

it(
  'another clone with the same store is told what has changed there, and how long it took elsewhere',
  { tags: 'long' },
  async () => {
    await build();
    using clone = new Project(store, files);
    expect((await clone.build(['//head'])).executed).toEqual([]);
    clone.edit('combine.step.ts', 'export default', `console.log('edited');\nexport default`);
    const step = clone.path('combine.step.ts');
    const causes = [
      expect.objectContaining({ kind: 'step', name: step, details: [expect.objectContaining({ name: step })] }),
    ];
    const planned = (await rowsIn(clone, 'plan', '//head')).get('//head');
    expect(planned?.causes).toEqual(causes);
    expect(planned?.expectedMs).toBeGreaterThan(0);
    expect((await clone.build(['//head'])).executed).toEqual(['//head']);
    expect((await rowsIn(clone, 'why', '//head')).get('//head')?.causes).toEqual(causes);
  },
);
