/** `dsmb check`: what is wrong with build files, each at its place, without building anything. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { countingRules, Project, TestStore } from '../rig/index.ts';

const EXIT = { ok: 0, usage: 2 } as const;

const BUILD_FILE = `import { file, param } from 'dsmb';
import { combine } from './rules.ts';

export const greeting = param.string({ default: 'hello', doc: 'a greeting' });
export const greeted = combine({ name: 'greeted', text: greeting, of: [file('source.txt')] });
`;

interface Problem {
  readonly severity: string;
  readonly code: string;
  readonly file: string;
  readonly line: number;
}

let store: TestStore;
let project: Project;

beforeAll(() => {
  store = new TestStore();
});
afterAll(() => store[Symbol.dispose]());

beforeEach(() => {
  project = new Project(store, { ...countingRules(), 'build.dsm.ts': BUILD_FILE, 'source.txt': '' });
});
afterEach(() => {
  expect(store.names('ac.v1')).toEqual([]);
  project[Symbol.dispose]();
});

it('finds nothing in a project that is right', async () => {
  const { stdout, stderr, exitCode } = await project.run(['check']);
  expect(stdout).toBe('0 errors, 0 warnings in 4 files\n');
  expect([stderr, exitCode]).toEqual(['', EXIT.ok]);
});

describe('it shows', () => {
  it.each([['a type error', 'export const x = combine({ name: 5 });', 'TS2322', '6:28']])(
    '%s, with its line and a squiggle',
    isShown,
  );

  it.each([
    ['what is impure', "export const x = combine({ name: String(process.env['HOME']) });", 'IMPURE', '6:41'],
    ['an attribute that there is not', "export const x = combine({ name: 'x', txt: 'y' });", 'TS2561', '6:39'],
    ['a syntax error', 'export const x = ;', 'TS1109', '6:18'],
    [
      'a source that is not there',
      "export const x = combine({ name: 'x', of: [file('gone.txt')] });",
      'NO_SUCH_FILE',
      '6:44',
    ],
  ])('%s, with its line and a squiggle', { tags: 'long' }, isShown);

  async function isShown(_what: string, line: string, code: string, place: string): Promise<void> {
    project.write('build.dsm.ts', `${BUILD_FILE}${line}\n`);
    const { stdout, exitCode } = await project.run(['check']);
    const found = stdout.split('\n\n').find((one) => one.includes(` ${code} `));
    expect(found).toMatch(new RegExp(`^error ${code} [^]*\\n  build\\.dsm\\.ts:${place}\\n`));
    const [, column = ''] = place.split(':');
    expect(found).toContain(`\n    ${line}\n    ${' '.repeat(Number(column) - 1)}~`);
    expect(stdout).toMatch(/\d+ errors?, 0 warnings in 4 files\n$/);
    expect(exitCode).toBe(EXIT.usage);
  }

  it.each([
    ['does not have it', "import { gone } from './rules.ts';"],
    ['is not there', "import { x } from './gone.ts';"],
  ])('once that an imported module %s', { tags: 'long' }, isShownOnce);

  async function isShownOnce(_what: string, line: string): Promise<void> {
    project.write('build.dsm.ts', `${line}\n${BUILD_FILE}`);
    const { stdout } = await project.run(['check']);
    expect(stdout.match(/^error .*/gm)).toHaveLength(1);
  }

  it(
    'what a rule refuses, targets in a circle, a parameter in the file that there is not',
    { tags: 'long' },
    async () => {
      project.write('dsmb.params.json', '{ "greting": "x" }');
      expect((await project.run(['check'])).stdout).toMatch(/UNKNOWN_PARAMETER [^]*did you mean greeting\?/);
      project.write('dsmb.params.json', '{}');
      project.write(
        'build.dsm.ts',
        `${BUILD_FILE}const loop: never[] = [];
export const one = combine({ name: 'one', of: loop });
(loop as unknown[]).push(one);
import { program } from 'dsmb/rules';
export const empty = program({ argv: [] });
`,
      );
      const { stdout } = await project.run(['check']);
      expect(stdout).toMatch(/error CYCLE targets depend on each other/);
      expect(stdout).toMatch(/error BAD_ATTRIBUTE \/\/empty: argv: there is no program to run/);
    },
  );
});

describe('it warns of', () => {
  const unused = `${BUILD_FILE.replace('import { file, param }', 'import { file, folder, param }')}
export const nobody = param.integer({ default: 1, doc: 'read by nobody' });
`;

  it('what is unused, and ends well', async () => {
    project.write('build.dsm.ts', unused);
    const { stdout, exitCode } = await project.run(['check']);
    expect(stdout).toMatch(/warning TS6133 'folder' is declared but its value is never read/);
    expect(stdout).toMatch(/warning UNUSED no target reads the parameter nobody\n\s+build\.dsm\.ts:7:29/);
    expect(stdout).toContain('0 errors, 2 warnings in 4 files');
    expect(exitCode).toBe(EXIT.ok);
  });

  it('the same, and ends with 2 under --strict; as JSON for programs', async () => {
    project.write('build.dsm.ts', unused);
    const { stdout, exitCode } = await project.run(['check', '--strict', '--json']);
    const { problems } = JSON.parse(stdout) as { problems: Problem[] };
    expect(problems.map(({ severity, code, file, line }) => [severity, code, file, line])).toEqual([
      ['warning', 'TS6133', 'build.dsm.ts', 1],
      ['warning', 'UNUSED', 'build.dsm.ts', 7],
    ]);
    expect(exitCode).toBe(EXIT.usage);
  });
});
