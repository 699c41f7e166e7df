/** The files that options ask for: refused before anything runs, or written, or missed aloud. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CHECKOUT, countingRules, Project, TestStore } from '../rig/index.ts';

const EXIT = { ok: 0, usage: 2, testFailed: 3, infrastructure: 4 } as const;

const BUILD_FILE = `import { file, toolchain } from 'dsmb';
import { test } from 'dsmb/rules';
import { combine } from './rules.ts';
const toolchains = [toolchain('coreutils', 'dash')];
export const data = combine({ name: 'data', of: [file('data.txt')] });
export const good = test({ argv: ['cat', '/in/data'], inputs: { data }, toolchains });
export const bad = test({ argv: ['false'], toolchains });
`;

let store: TestStore;
let project: Project;
/** Where a mistake of ours would replace a device, it is one of our own. */
let full: string;

beforeAll(() => {
  store = new TestStore();
});
afterAll(() => store[Symbol.dispose]());

beforeEach(() => {
  project = new Project(store, {
    ...countingRules(),
    'build.dsm.ts': BUILD_FILE,
    'data.txt': `data ${crypto.randomUUID()}\n`,
  });
  full = fullDevice();
});
afterEach(() => project[Symbol.dispose]());

function fullDevice(): string {
  try {
    execFileSync('mknod', [project.path('full'), 'c', '1', '7'], { stdio: 'ignore' });
    execFileSync('dd', ['if=/dev/null', `of=${project.path('full')}`], { stdio: 'ignore' });
    return project.path('full');
  } catch {
    return '/dev/full';
  }
}

/** A shell, for the redirections that people use. */
function bash(script: string): { status: number; stdout: string; stderr: string } {
  const env = { ...process.env, NO_COLOR: '1', ...store.env, DSMB: join(CHECKOUT, 'dsmb') };
  const errors = mkdtempSync(join(tmpdir(), 'dsmb-errors-'));
  try {
    const said = `{ ${script}\n} 2>${errors}/stderr; echo "status $?"`;
    const output = execFileSync('bash', ['-c', said], { cwd: project.folder, env, encoding: 'utf8' });
    const [, stdout = '', status = ''] = /^([^]*?)status (\d+)\n$/.exec(output) ?? [];
    return { status: Number(status), stdout, stderr: readFileSync(`${errors}/stderr`, 'utf8') };
  } finally {
    rmSync(errors, { recursive: true });
  }
}

/** One of them, and those that are written by the same code. */
const [EVENTS, ...OTHERS] = ['--events', '--profile', '--build-report', '--junit'] as const;

describe.each([EVENTS])('%s', (option) => {
  tried(option);
});
describe.each(OTHERS)('%s', { tags: 'long' }, (option) => {
  tried(option);
});

function tried(option: string): void {
  it('of a bad path is refused before anything runs; what other options name is left as it is', async () => {
    mkdirSync(project.path('folder'));
    project.write('earlier', 'of an earlier run\n');
    const other = option === '--profile' ? '--events' : '--profile';
    const call = ['test', '//good', option, 'data.txt/x', other, 'earlier'];
    const runsBefore = store.runs('data');
    const { exitCode, stdout, stderr } = await project.run(call);
    expect([exitCode, stdout]).toEqual([EXIT.usage, '']);
    expect(stderr).toMatch(
      new RegExp(
        `^error UNWRITABLE_FILE ${option} data.txt/x cannot be written: a part of its path is not a folder\n  hint`,
      ),
    );
    expect(store.runs('data')).toBe(runsBefore);
    expect(project.read('earlier')).toBe('of an earlier run\n');
  });

  it('makes the folders that are missing', async () => {
    expect((await project.run(['test', '//good', option, 'a/new/folder/file'])).exitCode).toBe(EXIT.ok);
    expect(project.read('a/new/folder/file')).toMatch(/^[{<]/);
  });

  it('that cannot be written at the end is told after the summary, and in the exit code', async () => {
    const { exitCode, stdout, stderr } = await project.run(['test', '//good', option, full]);
    expect(stderr).toMatch(
      new RegExp(
        `build succeeded in .*\nerror REPORT_INCOMPLETE ${option} ${full} is not complete: the disk is full\n`,
      ),
    );
    expect(stdout).toMatch(/^PASSED {2}\/\/good /);
    expect(exitCode).toBe(EXIT.infrastructure);
    expect((await project.run(['test', '//bad', option, full])).exitCode).toBe(EXIT.testFailed);
    expect(statSync(full).isCharacterDevice()).toBe(true);
  });

  it.each([
    ['-', 'a pipe', '"$DSMB" test //good OPTION - | cat'],
    ['-', 'a file', '"$DSMB" test //good OPTION - > said; cat said'],
    ['/dev/stdout', 'a pipe', '"$DSMB" test //good OPTION /dev/stdout | cat'],
    ['/dev/stdout', 'a file', 'echo before > said; "$DSMB" test //good OPTION /dev/stdout >> said; tail -n +2 said'],
    [
      'a process substitution',
      'a pipe',
      '"$DSMB" test //good OPTION >(cat > sub; mv sub got) >&2; until [ -e got ]; do sleep 0.05; done; cat got',
    ],
  ])('may be %s as %s, which then holds nothing else', (_name, _what, script) => {
    const { status, stdout, stderr } = bash(script.replaceAll('OPTION', option));
    expect(status).toBe(EXIT.ok);
    expect(stderr).not.toMatch(/warning|error/);
    expect(stderr).toMatch(/^PASSED {2}\/\/good /m);
    if (option === '--junit') expect(stdout).toMatch(/^<\?xml [^]*<\/testsuites>\n$/);
    else if (option === '--events') for (const line of stdout.trimEnd().split('\n')) JSON.parse(line);
    else expect(JSON.parse(stdout)).toBeTypeOf('object');
  });
}

it('two options that name the same file are refused', async () => {
  const { exitCode, stderr } = await project.run(['test', '//good', '--junit', './x', '--events', 'y/../x']);
  expect([exitCode, stderr]).toEqual([
    EXIT.usage,
    expect.stringMatching(/USAGE --events and --junit name the same file, /),
  ]);
  expect(existsSync(project.path('x'))).toBe(false);
});

it('a build that ends well leaves nothing beside its files', async () => {
  mkdirSync(project.path('reports'));
  const files = [EVENTS, ...OTHERS].flatMap((option) => [option, `reports/${option.slice(2)}`]);
  expect((await project.run(['test', '//good', ...files])).exitCode).toBe(EXIT.ok);
  expect(readdirSync(project.path('reports')).toSorted()).toEqual(['build-report', 'events', 'junit', 'profile']);
});
