/** `dsmb test`: what passes, what fails, what is flaky, what is not run again; and what is told of it. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { countingRules, Project, TestStore } from '../rig/index.ts';

const EXIT = { ok: 0, buildFailed: 1, usage: 2, testFailed: 3 } as const;

const BUILD_FILE = `
import { file, param, toolchain } from 'dsmb';
import { test } from 'dsmb/rules';
import { flakyTest } from './flaky.ts';
import { combine, shell } from './rules.ts';

const tools = toolchain('coreutils', 'dash');
const script = (text: string) => ['/bin/dash', '-c', text];

export const wanted = param.integer({ default: 0, doc: 'an exit code' });
export const data = combine({ name: 'data', of: [file('data.txt')] });
export const good = test({ argv: script('cat /in/data; echo to stderr >&2'), inputs: { data }, toolchains: [tools] });
export const exits = test({ argv: script('exit 7'), toolchains: [tools], exitCode: 7, env: { A: 'b' } });
export const bad = test({ argv: script('echo "a <clue> & more"; exit 9'), toolchains: [tools] });
export const slow = test({ argv: ['sleep', '600'], toolchains: [tools], timeoutSeconds: 1 });
export const flaky = flakyTest({ name: 'flaky' });
const broken = shell({ script: 'exit 1' });
export const blocked = test({ argv: ['true'], inputs: { broken }, toolchains: [tools] });
export const gate = combine({ name: 'gate', of: [data] });
export const gated = combine({ name: 'gated', of: [data], validations: [gate, combine({ name: 'unnamed' })] });
`;

/** A rule of the project's own that makes tests: it fails at each second run. */
const FLAKY_RULE = `
import { attr, File, rule } from 'dsmb';
export const flakyTest = rule({
  name: 'flakyTest',
  makes: File,
  attributes: { name: attr.string },
  test: true,
  implement: ({ name }, actions) =>
    actions.step({
      mnemonic: 'Flaky',
      module: () => import('./flaky.step.ts'),
      args: { name },
      inputs: {},
      outputs: { out: File },
      hints: { memo: true },
    }).out,
});
`;

const FLAKY_STEP = `
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { fail, step } from 'dsmb/step';
export default step<{ args: { name: string }; inputs: never; outputs: 'out' }>(async ({ args, outputs, memo }) => {
  const file = memo + '/runs';
  appendFileSync(file, args.name + '\\n');
  const runs = readFileSync(file, 'utf8').split('\\n').length - 1;
  if (runs % 2 === 0) fail('EVEN', 'this was run ' + runs);
  writeFileSync(outputs.out, '');
});
`;

let store: TestStore;
let project: Project;

beforeAll(() => {
  store = new TestStore();
});
afterAll(() => store[Symbol.dispose]());

beforeEach(() => {
  project = new Project(store, {
    ...countingRules(),
    'flaky.ts': FLAKY_RULE,
    'flaky.step.ts': FLAKY_STEP,
    'build.dsm.ts': BUILD_FILE,
    'data.txt': `data ${crypto.randomUUID()}\n`,
  });
});
afterEach(() => project[Symbol.dispose]());

describe('a test', () => {
  it('that passed does not run again until what it looks at changes', async () => {
    const first = await project.run(['test', '//good', '//exits']);
    expect(first.stdout).toMatch(/^PASSED {2}\/\/good [\d.]+ m?s\nPASSED {2}\/\/exits /);
    expect(first.stdout).toMatch(/\n2 passed, 0 failed\n$/);
    expect(first.exitCode).toBe(EXIT.ok);
    const second = await project.run(['test', '//good', '//exits']);
    expect(second.stdout).toBe('PASSED  //good cached\nPASSED  //exits cached\n2 passed (2 cached), 0 failed\n');
    project.write('data.txt', 'other');
    const third = await project.run(['test', '//good', '//exits']);
    expect(third.stdout).toMatch(/\/\/good [\d.]+ m?s\n.*\/\/exits cached\n2 passed \(1 cached\), 0 failed\n/);
  });

  it('is a target: it can be built, has a log and an output', { tags: 'long' }, async () => {
    expect((await project.build(['//good'])).exitCode).toBe(EXIT.ok);
    expect(project.read('dsmb-out/good/output.txt')).toBe(`${project.read('data.txt')}to stderr\n`);
    expect((await project.run(['test', '//good'])).stdout).toContain('//good cached');
    expect((await project.run(['log', '//good'])).stdout).toContain('to stderr');
  });

  it('that fails shows the end of its log, ends with 3, and runs again', async () => {
    for (let run = 0; run < 2; run++) {
      const { stdout, stderr, exitCode } = await project.run(['test', '//bad', '//good']);
      expect(stdout).toMatch(/FAILED {2}\/\/bad [^]*PASSED {2}\/\/good [^]*1 passed(?: \(1 cached\))?, 1 failed\n$/);
      expect(stderr).toMatch(/TEST_FAILED \/\/bad \(Test\): \/bin\/dash exited with 9\n[^]*a <clue> & more/);
      expect(exitCode).toBe(EXIT.testFailed);
    }
  });

  it('that takes too long fails', { tags: 'long' }, async () => {
    const { stderr, exitCode } = await project.run(['test', '//slow']);
    expect(stderr).toMatch(/ACTION_TIMEOUT \/\/slow \(Test\): the command did not end within 1 s/);
    expect(exitCode).toBe(EXIT.testFailed);
  });

  it('whose input cannot be made is not run, and that is a failed build', { tags: 'long' }, async () => {
    const { stdout, exitCode } = await project.run(['test', '//blocked', '//exits']);
    expect(stdout).toMatch(/^NOT RUN \/\/blocked something that it needs could not be made\nPASSED/);
    expect(exitCode).toBe(EXIT.buildFailed);
  });
});

describe('flaky tests', () => {
  it('are found by runs without the cache, and named', async () => {
    const { stdout, exitCode } = await project.run(['test', '//flaky', '//exits', '--runs-per-test', '4']);
    expect(stdout).toMatch(/^FLAKY {3}\/\/flaky 2 of 4 runs failed, .*\nPASSED {2}\/\/exits 4 runs, /);
    expect(stdout).toContain('1 passed, 0 failed, 1 flaky\n');
    expect(exitCode).toBe(EXIT.testFailed);
    expect(store.runs('flaky')).toBe(4);
    // What repeated runs came to is not taken for a result.
    expect((await project.run(['test', '//flaky'])).stdout).not.toContain('cached');
    expect(store.runs('flaky')).toBe(5);
  });

  it('are run without a trace in what plan, why and log compare', { tags: 'long' }, async () => {
    await project.run(['test', '//good']);
    expect((await project.run(['test', '//good', '--runs-per-test', '2'])).exitCode).toBe(EXIT.ok);
    expect((await project.run(['plan', '//good'])).stdout).toBe('nothing would run: 2 actions cached\n');
    expect((await project.run(['why', '//good'])).stdout).toMatch(
      /\/\/good Test: ran \(.*\), as --runs-per-test asks, whatever the cache has\n\/\/data Combine: did not run, its key is/,
    );
    expect((await project.run(['log', '//good'])).stdout).toMatch(/^[^]*\/\/good Test: ran in build [^]*to stderr\n$/);
    project.write('data.txt', 'other\n');
    expect((await project.run(['plan', '//data'])).stdout).toMatch(/would run.*, because of\n  file data.txt/);
    await project.run(['test', '//good', '--runs-per-test', '2']);
    expect((await project.run(['why', '//data'])).stdout).toMatch(
      /\/\/data Combine: ran .*, because of\n  file data.txt/,
    );
    expect((await project.run(['plan', '//good'])).stdout).toMatch(/\/\/good Test: would run.*, because of\n  /);
    await project.run(['test', '//good']);
    expect((await project.run(['why', '//good'])).stdout).toMatch(/\/\/good Test: ran .*, because of\n  /);
  });

  it.each(['0', 'x', '-1'])('--runs-per-test %s is refused', async (runs) => {
    expect((await project.run(['test', '//good', `--runs-per-test=${runs}`])).exitCode).toBe(EXIT.usage);
  });
});

describe('which tests there are', () => {
  const ALL = ['//bad', '//blocked', '//exits', '//flaky', '//gate', '//good', '//slow'];

  it('a pattern takes in, a query says: the same, and validations that have no name', { tags: 'long' }, async () => {
    const tested = await project.run(['test', '//...']);
    const labels = [...tested.stdout.matchAll(/^[A-Z ]+ (\/\/\S+)/gm)].map(([, name = '']) => name);
    expect(labels.toSorted()).toEqual([...ALL, '//gated.validations1'].toSorted());
    const queried = await project.run(['query', 'tests(//...)']);
    expect(queried.stdout.trim().split('\n').toSorted()).toEqual(ALL);
  });

  it('those that gate a target are its own', { tags: 'long' }, async () => {
    const { stdout, exitCode } = await project.run(['test', '//gated']);
    expect(stdout).toMatch(/^PASSED {2}\/\/gate .*\nPASSED {2}\/\/gated\.validations1 .*\n2 passed/);
    expect(exitCode).toBe(EXIT.ok);
    expect(store.runs('gated')).toBe(0);
  });

  it('none is a mistake of the call', { tags: 'long' }, async () => {
    const { stderr, exitCode } = await project.run(['test', '//data']);
    expect(stderr).toMatch(/NO_TESTS nothing checks \/\/data/);
    expect(exitCode).toBe(EXIT.usage);
  });
});

it('--fail-fast starts nothing more after a failure', async () => {
  project.edit(
    'build.dsm.ts',
    'inputs: { data }, toolchains: [tools] });\nexport const exits',
    "inputs: { data, bad: shell({ script: 'sleep 600' }) }, toolchains: [tools] });\nexport const exits",
  );
  const { stdout, exitCode } = await project.run(['test', '//good', '//bad', '--fail-fast']);
  expect(stdout).toMatch(/^NOT RUN \/\/good .*\nFAILED {2}\/\/bad /);
  expect(exitCode).toBe(EXIT.testFailed);
});

it('writes JUnit XML and a build report', async () => {
  await project.run(['test', '//good', '//bad', '--junit', 'out/tests.xml', '--build-report', 'out/report.json']);
  const xml = project.read('out/tests.xml');
  expect(xml).toMatch(/^<\?xml version="1.0" encoding="UTF-8"\?>\n<testsuites name="dsmb" tests="2" failures="1" /);
  expect(xml).toContain('a &lt;clue&gt; &amp; more');
  const { success, actions } = JSON.parse(project.read('out/report.json')) as { success: boolean; actions: unknown[] };
  expect(success).toBe(false);
  expect(actions).toHaveLength(3);
});
