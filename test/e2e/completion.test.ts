/** Completion: what the command line answers, and what a real bash makes of it. */
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHECKOUT, countingRules, Project, TestStore } from '../rig/index.ts';

const BUILD_FILE = `
import { param } from 'dsmb';
import { program, test } from 'dsmb/rules';
import { text } from './rules.ts';
export const color = param.choice(['red', 'green'], { default: 'red', doc: 'a colour' });
export const image = text({ content: color });
export const imageTest = test({ argv: ['true'], inputs: { image } });
export const start = program({ argv: ['true'] });
`;

const BELOW = `
import { param } from 'dsmb';
import { text } from '../rules.ts';
export const size = param.integer({ default: 1, doc: 'a size' });
export const below = text({ content: 'x' });
`;

let store: TestStore;
let project: Project;

beforeAll(async () => {
  store = new TestStore();
  project = new Project(store, {
    ...countingRules(),
    'build.dsm.ts': BUILD_FILE,
    'below/build.dsm.ts': BELOW,
    'file.txt': '',
  });
  // Nothing is evaluated where nothing was ever built.
  expect((await project.run(['complete', '--', 'build', '//im'])).stdout).toBe('');
  await project.build(['//image']);
});
afterAll(() => {
  project[Symbol.dispose]();
  store[Symbol.dispose]();
});

describe('what the last word may become', () => {
  it.each([
    [['bui'], ['build']],
    [['disk', 'ex'], ['export']],
    [
      ['build', '//im'],
      ['//image', '//imageTest'],
    ],
    [
      ['build', 'im'],
      ['image', 'imageTest'],
    ],
    [
      ['build', '//below'],
      ['//below:below', '//below/...'],
    ],
    [['build', '//st'], []],
    [['run', '//'], ['//start']],
    [['test', '//i'], ['//imageTest']],
    [['build', '//image', '--keep'], ['--keep-going']],
    [
      ['build', '--set', ''],
      ['color=', 'below:size='],
    ],
    [
      ['build', '--set', 'color='],
      ['color=red', 'color=green'],
    ],
    [['build', '--build-report', ''], [':files']],
    [
      ['graph', '--output', ''],
      ['mermaid', 'svg'],
    ],
    [
      ['query', '//image', '--output', 'l'],
      ['label', 'location'],
    ],
    [['set', '//image.'], ['//image.content']],
    [['set', 'co'], ['color']],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['nonsense', ''], []],
    [['build', '--jobs', ''], []],
    [
      ['graph', '--output', ''],
      ['mermaid', 'svg'],
    ],
    [['query', '--output=j'], ['--output=json']],
    [['build', '--set=color=r'], ['--set=color=red']],
    [['build', '--profile='], [':files']],
    [['disk', 'export', '--format', 'f'], ['folder']],
    [['shell', '//imageTest', '--action', ''], ['Test']],
    [['shell', '--action', ''], []],
    [
      ['query', 'deps(//im'],
      ['deps(//image)', 'deps(//imageTest)'],
    ],
    [['query', "'kind(TestR"], ['kind(TestResult,']],
    [['query', 'rdeps(//..., col'], ['rdeps(//..., color)']],
    [['query', 'attr(con'], ['attr(content,']],
    [['query', 'some'], ['somepath(']],
    [['query', '--output', 'dot', '//st'], ['//start']],
    [['query', 'deps(//image', '-', '//st'], ['//start)']],
  ])('%j', async (words, expected) => {
    const { stdout, stderr, exitCode } = await project.run(['complete', '--', ...words]);
    const found = stdout.split('\n').flatMap((line) => (line === '' ? [] : [line.split('\t')[0]!]));
    expect(found.toSorted()).toEqual(expected.toSorted());
    expect([stderr, exitCode]).toEqual(['', 0]);
  });

  it('is nothing outside of a project, without a word', async () => {
    const { stdout, stderr } = await execa(`${CHECKOUT}/dsmb`, ['complete', '--', 'build', '//'], { cwd: '/proc' });
    expect([stdout, stderr]).toEqual(['', '']);
  });
});

/** What bash offers for a line, as it does when Tab is pressed: with its own way to break words. */
async function bash(line: string): Promise<string[]> {
  const script = `
    source <("$1/dsmb" completion bash)
    PATH=$1:$PATH
    COMP_LINE=$2 COMP_POINT=\${#2}
    compopt() { echo "compopt $*"; }
    _dsmb
    printf '%s|\\n' "\${COMPREPLY[@]}"
  `;
  const args = ['--norc', '-c', script, 'bash', CHECKOUT, line];
  const { stdout } = await execa('bash', args, { cwd: project.folder, env: store.env });
  return stdout.split('\n');
}

describe('in bash', () => {
  it.each([
    ['dsmb bui', ['build |']],
    ['dsmb build //imageT', ['//imageTest |']],
    // Behind a colon and an equals sign only what follows is replaced.
    ['dsmb build //below:b', ['below |']],
    ['dsmb build --set color=g', ['green |']],
    ['dsmb build --set below:s', ['size=|']],
    // In an open quote all is replaced; the quote is closed behind the only one.
    ["dsmb query 'deps(//imageT", ['deps(//imageTest)|']],
    ["dsmb query 'rdeps(//below:b", ['rdeps(//below:below,|', 'rdeps(//below:below, |']],
    ['dsmb query "rdeps(//..., col', ['rdeps(//..., color)|']],
    ['dsmb build --build-report ', ['compopt -o default', '|']],
  ])('%j', async (line, expected) => {
    expect(await bash(line)).toEqual(expected);
  });
});

it.each(['bash', 'zsh', 'fish'])('the script of %s is there', async (shell) => {
  const { stdout, exitCode } = await project.run(['completion', shell]);
  expect(stdout).toContain('complete -- ');
  expect(exitCode).toBe(0);
});

it('an unknown shell is a mistake', async () => {
  const { stderr, exitCode } = await project.run(['completion', 'bsh']);
  expect(stderr).toMatch(/USAGE [^]*hint: dsmb completion bash/);
  expect(exitCode).toBe(2);
});
