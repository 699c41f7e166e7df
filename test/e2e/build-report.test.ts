/** The build report: what programs that show builds rely on. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { BuildReport } from '../../src/report/build-report.ts';
import { countingRules, Project, TestStore } from '../rig/index.ts';

const BUILD_FILE = `import { file, param } from 'dsmb';
import { combine, shell, shellFolder, text } from './rules.ts';

export const address = param.macAddress({ default: '52:54:00:00:00:01', doc: 'an address' });
export const greeting = text({ content: address });
export const image = param.file({ default: file('source.txt'), doc: 'a file' });
export const copied = combine({ name: 'copied', of: [image] });
export const loud = shell({ script: 'echo to the log; echo made >/out/file' });
export const tree = shellFolder({ script: 'mkdir -p /out/folder; echo x >/out/folder/x', of: [loud] });
export const wrong = shell({ script: 'echo what went wrong >&2; exit 7', of: [loud] });
export const above = combine({ name: 'above', of: [wrong] });
`;

let store: TestStore;
let project: Project;

beforeAll(() => {
  store = new TestStore();
});
afterAll(() => store[Symbol.dispose]());
beforeEach(() => {
  project = new Project(store, { ...countingRules(), 'build.dsm.ts': BUILD_FILE, 'source.txt': 'the source\n' });
});
afterEach(() => project[Symbol.dispose]());

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

it('of a success has every field of the reference, and outputs with their digests', async () => {
  const before = Date.now();
  const { report } = await project.build(['//greeting', '//tree', '--set', 'address=52:54:00:00:00:02']);
  expect(report).toEqual({
    schema: 1,
    dsmb: version,
    build: expect.stringMatching(/^\d{8}T\d{6}\.\d{3}Z-[0-9a-f]{6}$/),
    workspace: project.folder,
    parameters: { address: '52:54:00:00:00:02', image: expect.any(String) },
    startedAt: expect.any(Number),
    durationMs: expect.any(Number),
    success: true,
    counts: { executed: 3, cached: 0, failed: 0, skipped: 0 },
    targets: ['//greeting', '//tree'],
    outputs: expect.any(Array),
    diagnostics: [],
    warnings: [],
    phases: {
      load: expect.any(Number),
      analyse: expect.any(Number),
      execute: expect.any(Number),
      deliver: expect.any(Number),
    },
    actions: expect.any(Array),
  });
  const [greeting, tree] = report!.outputs;
  const content = readFileSync(project.path(greeting!.path));
  const sha256 = createHash('sha256').update(content).digest('hex');
  expect(greeting).toEqual({
    ...{ label: '//greeting', path: 'dsmb-out/greeting/text.txt', digest: `${sha256}/${content.length}`, fresh: true },
  });
  expect(tree).toMatchObject({
    label: '//tree',
    path: 'dsmb-out/tree',
    digest: expect.stringMatching(/^\w{64}\/\d+$/),
  });
  expect(report!.startedAt).toBeGreaterThanOrEqual(before - 1000);
  expect(report!.startedAt + report!.durationMs).toBeLessThanOrEqual(Date.now() + 1000);
  expect((await project.run(['why', '--builds'])).stdout).toContain(report!.build);
});

it('has a row for each action, and the log of each that ran and said something', async () => {
  project.edit('build.dsm.ts', 'echo made >', `echo ${crypto.randomUUID()} >`);
  const { report } = await project.build(['//tree', '//greeting', '//copied']);
  for (const action of report!.actions) {
    expect(Object.keys(action)).toEqual(['label', 'mnemonic', 'ordinal', 'key', 'outcome', 'durationMs', 'log']);
    expect(action.key).toMatch(/^[0-9a-f]{64}\/[1-9]\d*$/);
    expect(Number.isInteger(action.durationMs)).toBe(true);
  }
  const logOf = (label: string): string | null | undefined =>
    report!.actions.find((action) => action.label === label)?.log;
  expect(readFileSync(logOf('//loud')!, 'utf8')).toBe('to the log\n');
  expect(logOf('//tree')).toBeNull();
  const again = await project.build(['//tree', '//greeting', '//copied']);
  expect(again.report!.counts).toEqual({ executed: 0, cached: 4, failed: 0, skipped: 0 });
  expect(again.report!.outputs.map(({ fresh }) => fresh)).toEqual([false, false, false]);
  expect(again.report!.actions.map(({ log }) => log)).toEqual([null, null, null, null]);
});

it('of a failure says what went wrong, where, and where the log is', async () => {
  const { report, exitCode } = await project.build(['//above', '//greeting', '-k']);
  expect(exitCode).toBe(1);
  expect(report).toMatchObject({
    success: false,
    counts: { failed: 1, skipped: 1 },
    targets: ['//above', '//greeting'],
  });
  expect(report!.outputs.map(({ label }) => label)).toEqual(['//greeting']);
  const line = BUILD_FILE.split('\n').findIndex((text) => text.includes('const wrong')) + 1;
  expect(report!.diagnostics).toEqual([
    {
      label: '//wrong',
      mnemonic: 'Shell',
      ordinal: 0,
      code: 'ACTION_FAILED',
      message: expect.stringContaining('exited with 7'),
      detail: expect.stringContaining('what went wrong'),
      location: { file: 'build.dsm.ts', line, column: expect.any(Number) },
    },
  ]);
  const failed = report!.actions.find(({ outcome }) => outcome === 'failed');
  expect(readFileSync(failed!.log!, 'utf8')).toBe('what went wrong\n');
});

it('is written when an input is missing, also into a folder that is not there yet', async () => {
  project.edit('build.dsm.ts', "file('source.txt')", "file('gone.txt')");
  await project.run(['build', '//copied', '--build-report', 'reports/new/report.json']);
  const report = JSON.parse(project.read('reports/new/report.json')) as BuildReport;
  expect(report).toMatchObject({
    success: false,
    actions: [{ label: '//copied', key: null, outcome: 'failed', log: null }],
    diagnostics: [{ label: '//copied' }],
  });
});

it('of a build that goes on from the last one is as whole', async () => {
  await project.build(['//copied', '//greeting']);
  await project.build(['//copied', '//greeting']);
  project.write('source.txt', `${crypto.randomUUID()}\n`);
  const { report } = await project.build(['//copied', '//greeting']);
  expect(report).toMatchObject({
    counts: { executed: 1, cached: 1 },
    parameters: { address: '52:54:00:00:00:01' },
    targets: ['//copied', '//greeting'],
  });
  expect(report!.outputs.map(({ label, fresh }) => [label, fresh])).toEqual([
    ['//copied', true],
    ['//greeting', false],
  ]);
});
