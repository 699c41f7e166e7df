/**
 * A build with nothing to do is settled before Node starts, and never when anything has changed. Starts of Node are
 * counted by a module that each of them loads first.
 */
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Store } from '../../cache/store.ts';
import { historyFolder } from '../../src/report/history/history.ts';
import { CHECKOUT, countingRules, Project, TestStore, type Files, type Finished } from '../rig/index.ts';

const BUILD_FILE = `
import { file, folder, param } from 'dsmb';
import { combine, shellFolder, text } from './rules.ts';
import { word } from './words.ts';

export const greeting = param.string({ default: 'hello', doc: 'how to greet' });
const greeted = text({ content: greeting });
const check = combine({ name: 'check', text: word });
export const all = shellFolder({
  script: 'mkdir /out/folder; cat /in/0 /in/1/*.txt /in/2 > /out/folder/all.txt; echo more > /out/folder/more.txt',
  of: [file('source.txt'), folder('tree'), greeted],
  validations: [check],
});
`;

const PACKAGE = '{ "name": "dictionary", "type": "module", "exports": "./index.js" }\n';

const FILES: Files = {
  ...countingRules(),
  'build.dsm.ts': BUILD_FILE,
  'words.ts': "export { word } from 'dictionary'; // words\n",
  'node_modules/dictionary/package.json': PACKAGE,
  'node_modules/dictionary/index.js': "export const word = 'word';\n",
  'source.txt': 'source\n',
  'tree/one.txt': 'one\n',
  'tree/two.txt': 'two\n',
  'tree/deep/three.txt': 'three\n',
};

let store: TestStore;
let project: Project;
let counter: { readonly module: string; readonly starts: string };

beforeAll(() => {
  store = new TestStore();
  counter = { module: join(store.folder, 'count.cjs'), starts: join(store.folder, 'starts') };
  writeFileSync(counter.module, `require('fs').appendFileSync(${JSON.stringify(counter.starts)}, '.');\n`);
});
afterAll(() => store[Symbol.dispose]());

beforeEach(() => {
  project = makeProject();
});
afterEach(() => project[Symbol.dispose]());

function makeProject(files: Files = {}): Project {
  const made = new Project(store, { ...FILES, ...files });
  symlinkSync('one.txt', made.path('tree/link.txt'));
  return made;
}

interface Built extends Finished {
  /** Node was not started. */
  readonly settled: boolean;
}

async function build(
  args: readonly string[] = [],
  { of = project, cwd = '', env = {} }: { of?: Project; cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Built> {
  writeFileSync(counter.starts, '');
  const finished = await of.run(['build', '//all', ...args], {
    cwd,
    env: { NODE_OPTIONS: `--require=${counter.module}`, ...env },
  });
  expect(finished.stderr).toMatch(/build succeeded/);
  expect(finished.exitCode).toBe(0);
  return { ...finished, settled: statSync(counter.starts).size === 0 };
}

/** Builds until there is nothing to do: what was written a moment ago is not trusted yet. */
async function settle(of = project): Promise<Built> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const built = await build([], { of });
    if (built.settled) return built;
  }
  throw new Error(`not settled after ${ATTEMPTS} builds`);
}

const ATTEMPTS = 6;

/** Changes bytes in place and puts the time of modification back: size, inode and time stay. */
function editUnseen(path: string): void {
  const { atime, mtime } = statSync(path);
  const text = readFileSync(path, 'utf8');
  writeFileSync(
    path,
    text.replace(/[a-z](?=[^a-z]*$)/, (letter) => (letter === 'x' ? 'y' : 'x')),
  );
  utimesSync(path, atime, mtime);
}

const at = (...path: string[]): string => project.path(...path);

describe('a build with nothing to do', () => {
  it('says the same, is recorded the same, and needs no Node', async () => {
    const first = await build();
    expect(first.settled).toBe(false);
    const settled = await settle();
    const told = (text: string): string => text.replace(/in [\d.]+ (ms|s)/, 'in some time');
    const ordinary = await build([], { env: { DSMB_SNAPSHOT: 'off' } });
    expect(ordinary.settled).toBe(false);
    expect(told(settled.stderr)).toBe(told(ordinary.stderr));
    expect(settled.stdout).toBe(ordinary.stdout);
    const before = await builds();
    await settle();
    expect(await builds()).toHaveLength(before.length + 1);
    const { stdout } = await project.run(['why', '//all', '--json']);
    const why = JSON.parse(stdout) as { actions: { outcome: string; change: string }[] };
    expect(why.actions.length).toBeGreaterThan(2);
    expect(new Set(why.actions.map(({ outcome, change }) => `${outcome} ${change}`))).toEqual(
      new Set(['cached equal']),
    );
  });

  it('is not settled for another request', async () => {
    await settle();
    expect((await build(['--set', 'greeting=hello'])).settled).toBe(false);
    expect((await build(['--skip-validations'])).settled).toBe(false);
    expect((await build([], { cwd: 'tree' })).settled).toBe(false);
    expect((await build([], { env: { DSMB_MAX_SIZE: '9GiB' } })).settled).toBe(false);
    expect((await build([], { env: { NODE_OPTIONS: `--require=${counter.module} --no-warnings` } })).settled).toBe(
      false,
    );
    expect((await build()).settled).toBe(true);
  });

  it('has colours where they are asked for, and nowhere else', async () => {
    for (const [FORCE_COLOR, count] of [
      ['1', 4],
      ['', 4],
      ['1', 1],
      ['', 1],
    ] as const)
      for (let times = 0; times < count; times++) {
        const { stderr } = await build([], { env: { FORCE_COLOR, CLICOLOR_FORCE: '' } });
        expect([FORCE_COLOR, stderr.includes('\u001b')]).toEqual([FORCE_COLOR, FORCE_COLOR === '1']);
      }
    expect((await build([], { env: { FORCE_COLOR: '', CLICOLOR_FORCE: '1' } })).stderr).toContain('\u001b');
  });

  it('is not settled when a report is asked for', { tags: 'long' }, async () => {
    for (const _ of [1, 2, 3])
      expect((await build(['--build-report', join(store.folder, 'report')])).settled).toBe(false);
  });

  it('leaves the records to Node when there are many', { tags: 'long' }, async () => {
    await settle();
    const path = historyFolder(new Store(store.folder), project.folder);
    const record = readdirSync(path).find((name) => name.endsWith('.jsonl')) ?? '';
    for (let i = 0; i < 100; i++)
      writeFileSync(join(path, record.replace('.jsonl', `${i}.jsonl`)), readFileSync(join(path, record)));
    expect((await build()).settled).toBe(false);
    expect(readdirSync(path).length).toBeLessThan(60);
  });
});

async function builds(): Promise<string[]> {
  const { stdout } = await project.run(['why', '--builds']);
  return stdout.trim().split('\n');
}

type Change = [what: string, change: () => unknown, before?: () => unknown];

/** One of each kind. */
const NOTICED: readonly Change[] = [
  ['an edit that leaves size and time', () => editUnseen(at('source.txt'))],
  ['another target of a symlink', () => replaceLink(at('tree/link.txt'), 'two.txt')],
  ['an imported module', () => editUnseen(at('words.ts'))],
  ['a step', () => appendFileSync(at('combine.step.ts'), '// comment\n')],
  ['results that are gone', () => rmSync(join(store.folder, 'ac.v1'), { recursive: true })],
];

const NOTICED_AS_WELL: readonly Change[] = [
  ['a new file in a folder', () => project.write('tree/new.txt', 'new\n')],
  ['parameters in a file', writeParameters],
  ['another lock of toolchains', () => appendFileSync(at('toolchain.lock.json'), '\n')],
  ['the engine', () => touchUnseen(join(CHECKOUT, 'src/index.ts'))],
  ['an output that was edited', () => editUnseen(outputs()[0]!)],
  ['dsmb gc', () => project.run(['gc'])],
  ['the same in a folder', () => editUnseen(at('tree/deep/three.txt'))],
  ['another time', () => utimesSync(at('source.txt'), 1, 1)],
  ['a time in the future', () => utimesSync(at('source.txt'), 9e9, 9e9)],
  ['the time set right again', timeSetBack, () => utimesSync(at('source.txt'), 1, 1)],
  ['another mode', () => chmodSync(at('tree/one.txt'), 0o755)],
  ['a renamed file', () => renameSync(at('tree/two.txt'), at('tree/zwei.txt'))],
  ['two files that change names', () => swap(at('tree/one.txt'), at('tree/two.txt'))],
  ['a new empty folder', () => mkdirSync(at('tree/deep/empty'))],
  ['a removed file', () => rmSync(at('tree/two.txt'))],
  ['a comment in the build file', () => appendFileSync(at('build.dsm.ts'), '// comment\n')],
  ['a rule', () => appendFileSync(at('rules.ts'), '// comment\n')],
  ['the package.json', () => project.write('package.json', '{ "type": "module" }\n')],
  ['a nearer package.json', () => project.write('tree/package.json', '{}\n')],
  ['a tsconfig.json above a step', () => project.write('tsconfig.json', '{}\n')],
  ['parameters that are gone', () => rmSync(at('dsmb.params.json')), writeParameters],
  ['the package.json of a package', () => project.write('node_modules/dictionary/package.json', `${PACKAGE}\n`)],
  ['a module of a package', () => editUnseen(at('node_modules/dictionary/index.js'))],
  ['the store', () => touchUnseen(join(CHECKOUT, 'cache/store.ts'))],
  ['another end of the workspace', () => rmSync(at('.git'), { recursive: true })],
  ['the same again', () => mkdirSync(at('.git')), () => rmSync(at('.git'), { recursive: true })],
  ['an output that is gone', () => rmSync(at('dsmb-out/all/more.txt'))],
  ['all outputs gone', () => rmSync(at('dsmb-out'), { recursive: true })],
  ['an alien beside the output', () => project.write('dsmb-out/all/alien.txt', 'alien')],
  ['a stamp that is gone', () => rmSync(at('dsmb-out/.stamps'), { recursive: true })],
  ['dsmb clean', () => project.run(['clean'])],
  ['dsmb clean --all', () => project.run(['clean', '--all'])],
  ['blobs that are gone', () => rmSync(join(store.folder, 'cas.v1'), { recursive: true })],
  ['records that are gone', () => rmSync(join(store.folder, 'builds.v1'), { recursive: true })],
  ['a cut snapshot', () => cutTexts()],
];

async function notices(_what: string, change: () => unknown, before?: () => unknown): Promise<void> {
  await before?.();
  await settle();
  await change();
  expect((await build()).settled).toBe(false);
  expectRight();
}

describe('is noticed:', () => {
  it.each(NOTICED)('%s', notices);
  it.each(NOTICED_AS_WELL)('%s', { tags: 'long' }, notices);

  it('each of many edits that follow at once', { tags: 'long' }, async () => {
    await settle();
    for (let round = 0; round < 8; round++) {
      project.write('source.txt', `round${round}\n`);
      await build();
      expectRight();
    }
  });
});

/** There and back: the look at the time in between is not forgotten. */
async function timeSetBack(): Promise<void> {
  const { atime, mtime } = statSync(at('source.txt'));
  utimesSync(at('source.txt'), 9e9, 9e9);
  await build();
  utimesSync(at('source.txt'), atime, mtime);
}

function writeParameters(): void {
  project.write('dsmb.params.json', '{ "greeting": "moin" }');
}

/** The delivered output is what its sources say. */
function expectRight(): void {
  const tree = readdirSync(at('tree')).filter((name) => name.endsWith('.txt'));
  const texts = tree.toSorted().map((name) => project.read(`tree/${name}`));
  const output = outputs().find((path) => path.endsWith('all.txt'));
  const greeting = readdirSync(at()).includes('dsmb.params.json') ? 'moin' : 'hello';
  expect(readFileSync(output ?? '', 'utf8')).toBe(project.read('source.txt') + texts.join('') + greeting);
  expect(outputs().map((path) => path.slice(path.lastIndexOf('/') + 1))).toEqual(['all.txt', 'more.txt']);
}

function outputs(): string[] {
  const entries = readdirSync(at('dsmb-out/all'), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .toSorted();
}

function swap(one: string, other: string): void {
  renameSync(one, `${one}.aside`);
  renameSync(other, one);
  renameSync(`${one}.aside`, other);
}

function replaceLink(path: string, target: string): void {
  rmSync(path);
  symlinkSync(target, path);
}

/** Moves only the time of the last change of anything. */
function touchUnseen(path: string): void {
  const { atime, mtime } = statSync(path);
  utimesSync(path, atime, mtime);
}

/** What the launcher reads. */
function launcherTexts(): string[] {
  const folder = join(store.folder, 'ledger.v1');
  return readdirSync(folder).flatMap((name) => (name.endsWith('.launcher') ? [join(folder, name)] : []));
}

function cutTexts(): void {
  for (const path of launcherTexts()) writeFileSync(path, readFileSync(path).subarray(0, -10));
}

describe('a build that rests on very many files', () => {
  it('looks at them side by side, and misses none', { tags: 'long' }, async () => {
    const names = Array.from({ length: 4200 }, (_, index) => `tree/many/${index}`);
    using large = makeProject(Object.fromEntries(names.map((name) => [name, 'many'])));
    expect((await settle(large)).settled).toBe(true);
    const shared = launcherTexts().filter((path) => /\nn\d+\n/.test(readFileSync(path, 'latin1')));
    expect(shared).toHaveLength(1);
    for (const name of [names[0]!, names[2100]!, names.at(-1)!]) {
      editUnseen(large.path(name));
      expect((await build([], { of: large })).settled).toBe(false);
      expect((await settle(large)).settled).toBe(true);
    }
  });
});

describe('a build file that looks at the world', () => {
  it.each([['the environment', "import './words.ts'; const seen = process.env.WORD ?? 'none';"]])(
    '(%s) is evaluated by every build',
    isEvaluated,
  );

  it.each([
    ['the clock', 'const seen = String(Date.now() > 0);'],
    ['chance', 'const seen = String(Math.random() >= 0);'],
    ['files', "import { readFileSync } from 'node:fs'; const seen = readFileSync('source.txt', 'utf8');"],
  ])('(%s) is evaluated by every build', { tags: 'long' }, isEvaluated);

  async function isEvaluated(_what: string, code: string): Promise<void> {
    const [imports = '', rest = ''] = /^(import .*?;)?(.*)$/.exec(code)?.slice(1) ?? [];
    const text = `${imports}import { text } from './rules.ts';${rest}\nexport const all = text({ content: seen });\n`;
    using curious = makeProject({ 'build.dsm.ts': text });
    for (let attempt = 0; attempt < 3; attempt++) expect((await build([], { of: curious })).settled).toBe(false);
  }

  it('that only joins paths does not', async () => {
    const text = `import { join } from 'node:path';\nimport { text } from './rules.ts';\nexport const all = text({ content: join('a', 'b') });\n`;
    using plain = makeProject({ 'build.dsm.ts': text });
    expect((await settle(plain)).settled).toBe(true);
  });
});
