/** A build goes on from the last one of the same request when only sources have changed; what it does is the same. */
import { appendFileSync, chmodSync, globSync, mkdirSync, renameSync, rmSync, truncateSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { BuildEvent } from '../../src/model/event.ts';
import { countingRules, Project, TestStore } from '../rig/index.ts';

const BUILD_FILE = `
import { file, folder, param } from 'dsmb';
import { combine, shellFolder } from './rules.ts';

export const greeting = param.string({ default: 'hello', doc: 'how to greet' });
export const left = combine({ name: 'left', of: [file('left.txt')] });
export const right = combine({ name: 'right', of: [file('right.txt')], text: greeting });
export const tree = shellFolder({ script: 'ls -R /in/0 > /out/folder.txt; mkdir /out/folder; mv /out/folder.txt /out/folder/', of: [folder('tree')] });
const check = combine({ name: 'check', of: [file('checked.txt')] });
export const all = combine({ name: 'all', of: [left, right, tree], validations: [check] });
`;

let store: TestStore;
let project: Project;

beforeAll(() => {
  store = new TestStore();
});
afterAll(() => store[Symbol.dispose]());

beforeEach(async () => {
  const salt = crypto.randomUUID();
  project = new Project(store, {
    ...countingRules(),
    'build.dsm.ts': BUILD_FILE,
    'left.txt': `left ${salt}\n`,
    'right.txt': `right ${salt}\n`,
    'checked.txt': `checked ${salt}\n`,
    [`tree/${salt}.txt`]: '',
  });
  await build();
  // What was written a moment before the first build is looked at once more.
  await build();
});
afterEach(() => project[Symbol.dispose]());

interface Went {
  /** It did not evaluate the build files. */
  readonly on: boolean;
  readonly success: boolean;
  /** Targets of which an action ran. */
  readonly executed: readonly string[];
  /** Targets of which an action got a key: the others were known to be up to date. */
  readonly planned: readonly string[];
  /** All actions that it told of, and how many it said there were. */
  readonly actions: number;
  readonly announced: number | undefined;
  readonly stderr: string;
}

async function build(...args: string[]): Promise<Went> {
  const { stdout, stderr, exitCode } = await project.run(['build', '//all', '--events', '-', ...args]);
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as BuildEvent);
  const finished = events.filter((event) => event.type === 'action-finished');
  const phases = events.flatMap((event) => (event.type === 'phase-finished' ? [event.phase] : []));
  expect(phases.includes('load')).toBe(!phases.includes('resume'));
  const executed = finished.filter(({ outcome }) => outcome === 'executed').map(({ label }) => label);
  const started = events.filter((event) => event.type === 'action-started');
  const planned = [...started, ...finished].filter(({ planMs }) => planMs !== undefined).map(({ label }) => label);
  return {
    on: phases.includes('resume'),
    success: exitCode === 0,
    executed: [...new Set(executed)].toSorted(),
    planned: [...new Set(planned)].toSorted(),
    actions: finished.length,
    announced: events.find((event) => event.type === 'build-started')?.actions,
    stderr,
  };
}

describe('a build goes on from the last one', () => {
  it('when nothing has changed', async () => {
    expect(await build()).toMatchObject({ on: true, success: true, executed: [], actions: 5, announced: 5 });
  });

  it('when a source has changed, and again, and back', async () => {
    const before = project.read('left.txt');
    for (const text of ['one', 'two']) {
      project.write('left.txt', `${text} of ${before}`);
      expect(await build()).toMatchObject({ on: true, executed: ['//all', '//left'], actions: 5, announced: 5 });
      expect(project.read('dsmb-out/all/all.txt')).toContain(`${text} of`);
    }
    project.write('left.txt', before);
    expect(await build()).toMatchObject({ on: true, executed: [], actions: 5, announced: 5 });
    expect(project.read('dsmb-out/all/all.txt')).not.toContain('of');
  });

  it('when something was added to a folder, renamed in it, removed from it', { tags: 'long' }, async () => {
    const tell = { on: true, executed: ['//all', '//tree'] };
    mkdirSync(project.path('tree/deep'));
    project.write('tree/deep/new.txt', crypto.randomUUID());
    expect(await build()).toMatchObject(tell);
    project.write('tree/deep/new.txt', crypto.randomUUID());
    expect(await build()).toMatchObject({ on: true, executed: ['//tree'] });
    renameSync(project.path('tree/deep/new.txt'), project.path('tree/deep/newer.txt'));
    expect(await build()).toMatchObject(tell);
    rmSync(project.path('tree/deep'), { recursive: true });
    expect(await build()).toMatchObject({ on: true, executed: [] });
  });

  it('when the source of a validation has changed', { tags: 'long' }, async () => {
    appendFileSync(project.path('checked.txt'), 'more\n');
    expect(await build()).toMatchObject({ on: true, executed: ['//all.validations0'] });
  });

  it('when a step has changed', { tags: 'long' }, async () => {
    project.edit('combine.step.ts', ".join('\\n'));", `.join('\\n') + '${crypto.randomUUID()}');`);
    const { on, executed } = await build();
    expect(executed).toEqual(['//all', '//all.validations0', '//left', '//right']);
    expect(on).toBe(true);
  });

  it('whatever it is asked to report, and not for another request', { tags: 'long' }, async () => {
    appendFileSync(project.path('left.txt'), 'more\n');
    expect(await build('--jobs', '1', '--keep-going')).toMatchObject({ on: true, executed: ['//all', '//left'] });
    for (const args of [['--skip-validations'], ['--unsandboxed'], ['--set', 'greeting=hi'], ['--check']])
      expect(await build(...args)).toMatchObject({ on: false, success: true });
    expect(await build('--set', 'greeting=hi')).toMatchObject({ on: true, executed: [] });
  });

  it('and says so of the one that failed', { tags: 'long' }, async () => {
    rmSync(project.path('left.txt'));
    const gone = await build();
    expect(gone).toMatchObject({ on: true, success: false });
    expect(gone.stderr).toMatch(/error NO_SUCH_FILE .*left\.txt/);
    project.write('left.txt', `again ${crypto.randomUUID()}\n`);
    expect(await build()).toMatchObject({ on: true, success: true, executed: ['//all', '//left'] });
  });

  it('and delivers beside a failure what could be made', { tags: 'long' }, async () => {
    const both = ['//right', '--keep-going'];
    for (let i = 0; i < 2; i++) await build(...both);
    rmSync(project.path('left.txt'));
    project.write('right.txt', `another ${crypto.randomUUID()}\n`);
    expect(await build(...both)).toMatchObject({ on: true, success: false, executed: ['//right'] });
    expect(project.read('dsmb-out/right/right.txt')).toContain('another');
  });
});

describe('a build begins with the build files', () => {
  it.each<readonly [string, () => void]>([
    ['a build file has changed', () => appendFileSync(project.path('build.dsm.ts'), '// \n')],
    ['what was kept is broken', () => damageGraphs()],
  ])('when %s', begins);

  it.each<readonly [string, () => void]>([
    ['a module of it has changed', () => appendFileSync(project.path('rules.ts'), '// \n')],
    ['parameters are set', () => project.write('dsmb.params.json', '{ "greeting": "good morning" }\n')],
    ['something was taken from the store', () => rmSync(join(store.folder, 'cas.v1'), { recursive: true })],
  ])('when %s', { tags: 'long' }, begins);

  async function begins(_what: string, change: () => void): Promise<void> {
    change();
    expect(await build()).toMatchObject({ on: false, success: true });
    expect(await build()).toMatchObject({ success: true, executed: [] });
  }

  function damageGraphs(): void {
    for (const name of globSync('ledger.v1/*', { cwd: store.folder })) truncateSync(join(store.folder, name), 1000);
  }
});

describe('why a build begins with the build files', () => {
  const debug = { DSMB_DEBUG: '1' };
  const notes = ({ stderr }: { stderr: string }): string[] => stderr.match(/(?<=^note ).*$/gm) ?? [];

  it('is said where it is asked for, and in the profile', async () => {
    appendFileSync(project.path('build.dsm.ts'), '// \n');
    const profile = ['--profile', 'trace.json'];
    const asked = await project.run(['build', '//all', ...profile], { env: debug });
    // A second note may say that it has just changed.
    const [begun] = notes(asked);
    expect(begun).toBe('it begins with the build files: build.dsm.ts has changed');
    expect(project.read('trace.json')).toContain(`"name":"${begun}","cat":"note"`);
    appendFileSync(project.path('rules.ts'), '// \n');
    expect(notes(await project.run(['build', '//all']))).toEqual([]);
  });

  it('is a line of a module that looks at the world, also for the build after it', async () => {
    const imports = project.read('rules.ts').split('\n');
    project.write('rules.ts', ["import 'node:os';", ...imports].join('\n'));
    const [begun, kept] = notes(await project.run(['build', '//all'], { env: debug }));
    expect(begun).toBe('it begins with the build files: rules.ts has changed');
    expect(kept).toBe('nothing is kept of this build: rules.ts:1 imports node:os');
    const [again] = notes(await project.run(['build', '//all'], { env: debug }));
    expect(again).toMatch(/rules\.ts has changed; nothing was kept of the last build: rules\.ts:1 imports node:os$/);
  });

  it('is what asks for it, or what takes nothing over', { tags: 'long' }, async () => {
    const off = { ...debug, DSMB_SNAPSHOT: 'off' };
    expect(notes(await project.run(['build', '//all'], { env: off }))).toEqual([
      'it begins with the build files: DSMB_SNAPSHOT=off',
    ]);
    project.edit('build.dsm.ts', ', validations: [check]', '');
    expect(notes(await project.run(['build', '//all'], { env: debug })).slice(0, 2)).toEqual([
      'it begins with the build files: build.dsm.ts has changed',
      'it takes nothing over: the action //all.validations0 Combine is gone',
    ]);
  });
});

describe('a build that begins with the build files takes over what is the same', () => {
  const all = ['//all', '//all.validations0', '//left', '//right', '//tree'];
  const changed = ['//all', '//right'];

  it('when a parameter is set', async () => {
    const greeting = `greeting=${crypto.randomUUID()}`;
    expect(await build('--set', greeting)).toMatchObject({
      on: false,
      executed: changed,
      planned: changed,
      actions: 5,
    });
    expect(project.read('dsmb-out/all/all.txt')).toContain(greeting.slice('greeting='.length));
  });

  it('when the file of parameters has changed', { tags: 'long' }, async () => {
    project.write('dsmb.params.json', JSON.stringify({ greeting: crypto.randomUUID() }));
    expect(await build()).toMatchObject({ on: false, executed: changed, planned: changed, actions: 5, announced: 5 });
  });

  it('when an attribute has changed', { tags: 'long' }, async () => {
    project.edit('build.dsm.ts', "default: 'hello'", `default: '${crypto.randomUUID()}'`);
    expect(await build()).toMatchObject({ on: false, executed: changed, planned: changed, actions: 5, announced: 5 });
  });

  it('but not what reads a source, or a step, that has changed as well', async () => {
    appendFileSync(project.path('left.txt'), 'more\n');
    const both = ['//all', '//left', '//right'];
    const set = ['--set', `greeting=${crypto.randomUUID()}`];
    expect(await build(...set)).toMatchObject({ on: false, executed: both, planned: both });
    project.edit('combine.step.ts', ".join('\\n'));", `.join('\\n') + '${crypto.randomUUID()}');`);
    const steps = ['//all', '//all.validations0', '//left', '//right'];
    expect(await build('--set', 'greeting=step')).toMatchObject({ on: false, executed: steps, planned: steps });
  });

  it('but nothing where an action has come, or gone, or the toolchains have changed', { tags: 'long' }, async () => {
    project.edit('build.dsm.ts', ', validations: [check]', '');
    const without = all.filter((label) => label !== '//all.validations0');
    expect(await build()).toMatchObject({ on: false, success: true, executed: [], planned: without });
    appendFileSync(project.path('toolchain.lock.json'), '\n');
    expect(await build('--set', 'greeting=locked')).toMatchObject({ on: false, executed: changed, planned: without });
  });

  it('and looks again at what has changed while its last action ran', { tags: 'long' }, async () => {
    const script = 'sleep 1; mkdir /out/folder; cp /in/0 /out/folder/all';
    appendFileSync(
      project.path('build.dsm.ts'),
      `export const slow = shellFolder({ script: '${script}', of: [all] });\n`,
    );
    const first = project.start(['build', '//slow']);
    await first.untilSaid('start //slow');
    await new Promise((resolve) => setTimeout(resolve, 500));
    project.write('left.txt', `changed ${crypto.randomUUID()}\n`);
    expect((await first.finished).exitCode).toBe(0);
    const { executed } = await project.build(['//slow']);
    expect(executed).toEqual(['//all', '//left', '//slow']);
    expect(project.read('dsmb-out/slow/all')).toContain('changed');
  });

  it('and makes again what of it has gone from the store', { tags: 'long' }, async () => {
    rmSync(blobOf(project.read('dsmb-out/all/all.txt')));
    expect((await project.build(['//tree'])).executed).toEqual([]);
    rmSync(blobOf(project.read('dsmb-out/tree/folder.txt')));
    const set = ['--set', `greeting=${crypto.randomUUID()}`];
    expect(await build(...set)).toMatchObject({ success: true, executed: ['//all', '//right', '//tree'] });
  });

  it('and keeps it from garbage collection, with the packages that it needs', { tags: 'long' }, async () => {
    const set = ['--set', `greeting=${crypto.randomUUID()}`];
    expect(await build(...set)).toMatchObject({ success: true, planned: changed });
    expect((await project.run(['gc', '--max-age', '0d'])).exitCode).toBe(0);
    expect(await build(...set)).toMatchObject({ on: false, success: true, executed: [], planned: all });
    appendFileSync(project.path('left.txt'), 'more\n');
    const { stderr, executed } = await build(...set);
    expect(executed).toEqual(['//all', '//left']);
    expect(stderr).not.toMatch(/download|unpack/);
  });
});

describe('a build that goes on', () => {
  it('makes again what has gone from the store', { tags: 'long' }, async () => {
    const content = project.read('dsmb-out/all/all.txt');
    rmSync(project.path('dsmb-out'), { recursive: true });
    rmSync(blobOf(content));
    expect(await build()).toMatchObject({ on: true, success: true, executed: ['//all'] });
    expect(project.read('dsmb-out/all/all.txt')).toBe(content);
  });

  it('makes an input again that has gone from the store', { tags: 'long' }, async () => {
    const other = await project.build(['//right']);
    expect(other.executed).toEqual([]);
    rmSync(blobOf(project.read('dsmb-out/right/right.txt')));
    appendFileSync(project.path('left.txt'), 'more\n');
    expect(await build()).toMatchObject({ on: true, success: true, executed: ['//all', '//left', '//right'] });
  });

  it('keeps what explains it', { tags: 'long' }, async () => {
    appendFileSync(project.path('right.txt'), 'more\n');
    expect(await build()).toMatchObject({ on: true, executed: ['//all', '//right'] });
    expect((await project.run(['why', '//right'])).stdout).toMatch(/right\.txt/);
    project.edit('build.dsm.ts', 'text: greeting', "text: 'good evening'");
    await build();
    expect((await project.run(['why', '//right'])).stdout).toMatch(/text.*build\.dsm\.ts:7.*hello.*good evening/s);
  });

  it('keeps what it was made of from garbage collection', { tags: 'long' }, async () => {
    appendFileSync(project.path('right.txt'), 'more\n');
    expect((await build()).on).toBe(true);
    expect((await project.run(['gc', '--max-age', '0d'])).exitCode).toBe(0);
    expect(await build()).toMatchObject({ on: false, success: true, executed: [] });
  });

  it('keeps from garbage collection what a rule brings along', { tags: 'long' }, async () => {
    project.write(
      'bringing.ts',
      `
      import { attr, file, File, rule } from 'dsmb';
      import { combine } from './rules.ts';
      const brought = combine({ name: 'brought', of: [file('right.txt')] });
      export const bringing = rule({
        name: 'bringing',
        makes: File,
        attributes: { of: attr.target },
        implement: ({ of }, actions) =>
          actions.step({
            mnemonic: 'Bring',
            module: () => import('./combine.step.ts'),
            args: { name: 'bring', text: '', lines: 1000 },
            inputs: { in0: of, in1: actions.own(brought) },
            outputs: { out: { name: 'bring.txt', kind: File } },
            hints: { memo: true },
          }).out,
      });`,
    );
    project.write(
      'build.dsm.ts',
      `
      import { file } from 'dsmb';
      import { bringing } from './bringing.ts';
      export const all = bringing({ of: file('left.txt') });`,
    );
    expect(await build()).toMatchObject({ success: true, executed: ['//all', '//all.own0'] });
    expect((await project.run(['gc', '--max-age', '0d'])).exitCode).toBe(0);
    rmSync(project.path('dsmb-out'), { recursive: true });
    expect(await build()).toMatchObject({ success: true, executed: [] });
    appendFileSync(project.path('left.txt'), 'more\n');
    expect(await build()).toMatchObject({ success: true, executed: ['//all'] });
  });

  it('keeps it also where another request has delivered meanwhile', { tags: 'long' }, async () => {
    expect((await build('--set', 'greeting=hi')).success).toBe(true);
    expect(await build()).toMatchObject({ on: true, executed: [] });
    expect((await project.run(['gc', '--max-age', '0d'])).exitCode).toBe(0);
    expect(await build()).toMatchObject({ on: false, success: true, executed: [] });
  });

  it('tells of an undeclared input as any other', { tags: 'long' }, async () => {
    const failing = `
      import { file } from 'dsmb';
      import { shellFolder } from './rules.ts';
      export const all = shellFolder({ script: '. /in/0 && mkdir /out/folder', of: [file('script.sh')] });`;
    project.write('script.sh', 'true\n');
    project.write('beside.txt', 'beside\n');
    project.write('build.dsm.ts', failing);
    chmodSync(project.path('script.sh'), 0o644);
    for (let i = 0; i < 2; i++) expect((await build()).success).toBe(true);
    project.write('script.sh', 'cat /in/beside.txt\n');
    const refused = await build();
    expect(refused.on).toBe(true);
    expect(refused.stderr).toMatch(/error UNDECLARED_INPUT .*beside\.txt/);
    expect(refused.stderr).toMatch(/build\.dsm\.ts:4/);
    expect(refused.stderr).toMatch(/attribute `of`/);
  });
});

function blobOf(content: string): string {
  return store.blob(createHash('sha256').update(content).digest('hex'));
}
