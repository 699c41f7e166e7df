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
  it.each<[words: string[], expected: string[]]>([
    [['bui'], ['build']],
    [
      ['build', '//im'],
      ['//image', '//imageTest'],
    ],
    [
      ['build', '//below'],
      ['//below:below', '//below/...'],
    ],
    [
      ['build', '--set', 'color='],
      ['color=red', 'color=green'],
    ],
    [['build', '--build-report', ''], [':files']],
    [
      ['query', 'deps(//im'],
      ['deps(//image)', 'deps(//imageTest)'],
    ],
  ])('%j', completes);

  it.each<[words: string[], expected: string[]]>([
    [['disk', 'ex'], ['export']],
    [
      ['build', 'im'],
      ['image', 'imageTest'],
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
    [['query', "'kind(TestR"], ['kind(TestResult,']],
    [['query', 'rdeps(//..., col'], ['rdeps(//..., color)']],
    [['query', 'attr(con'], ['attr(content,']],
    [['query', 'some'], ['somepath(']],
    [['query', '--output', 'dot', '//st'], ['//start']],
    [['query', 'deps(//image', '-', '//st'], ['//start)']],
  ])('%j', { tags: 'long' }, completes);

  async function completes(words: readonly string[], expected: readonly string[]): Promise<void> {
    const { stdout, stderr, exitCode } = await project.run(['complete', '--', ...words]);
    const found = stdout.split('\n').flatMap((line) => (line === '' ? [] : [line.split('\t')[0]!]));
    expect(found.toSorted()).toEqual(expected.toSorted());
    expect([stderr, exitCode]).toEqual(['', 0]);
  }

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
  it.each<[line: string, expected: string[]]>([
    // Behind a colon and an equals sign only what follows is replaced.
    ['dsmb build --set below:s', ['size=|']],
    // In an open quote all is replaced; the quote is closed behind the only one.
    ["dsmb query 'deps(//imageT", ['deps(//imageTest)|']],
  ])('%j', offers);

  it.each<[line: string, expected: string[]]>([
    ['dsmb bui', ['build |']],
    ['dsmb build //imageT', ['//imageTest |']],
    ['dsmb build //below:b', ['below |']],
    ['dsmb build --set color=g', ['green |']],
    ["dsmb query 'rdeps(//below:b", ['rdeps(//below:below,|', 'rdeps(//below:below, |']],
    ['dsmb query "rdeps(//..., col', ['rdeps(//..., color)|']],
    ['dsmb build --build-report ', ['compopt -o default', '|']],
  ])('%j', { tags: 'long' }, offers);

  async function offers(line: string, expected: readonly string[]): Promise<void> {
    expect(await bash(line)).toEqual(expected);
  }
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
