/** The last line of a run of the tests in CI. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'dsmb-count-'));
afterAll(() => rmSync(folder, { recursive: true }));

const count = (...files: readonly (readonly string[])[]) => run(reportOf(...files));

/** Of files with such statuses; a tag may stand behind one. */
function reportOf(...files: readonly (readonly string[])[]): string {
  const testResults = files.map((statuses) => ({
    name: 'x.test.ts',
    status: statuses.length === 0 || statuses.includes('failed') ? 'failed' : 'passed',
    assertionResults: statuses.map((each) => {
      const [status, tag] = each.split(' ');
      return { status, fullName: 'a test', tags: tag === undefined ? [] : [tag] };
    }),
  }));
  const success = testResults.every(({ status }) => status === 'passed');
  return JSON.stringify({ success, testResults });
}

function run(report: string, tests = '') {
  const file = join(folder, 'report.json');
  writeFileSync(file, report);
  const script = fileURLToPath(new URL('count-tests.ts', import.meta.url));
  const env = { ...process.env, DSMB_TESTS: tests };
  const { status, stdout } = spawnSync(process.execPath, [script, file], { encoding: 'utf8', env });
  return { status, lines: stdout.trimEnd().split('\n') };
}

test('all is well', () => {
  expect(count(['passed', 'passed'], ['passed'])).toEqual({ status: 0, lines: ['3 passed, 0 failed'] });
});

test('a failed test, and a file that does not load', () => {
  expect(count(['passed', 'failed'])).toEqual({ status: 1, lines: ['1 passed, 1 failed'] });
  expect(count(['passed'], [])).toEqual({ status: 1, lines: ['1 passed, 1 failed'] });
});

test('a file whose set-up fails, which leaves its cases out', () => {
  const [one] = (JSON.parse(reportOf(['skipped'])) as { testResults: object[] }).testResults;
  const report = JSON.stringify({ success: false, testResults: [{ ...one, status: 'failed' }] });
  expect(run(report)).toEqual({
    status: 1,
    lines: ['skipped: a test', '0 passed, 1 failed, 1 skipped'],
  });
});

test('what was skipped is named', () => {
  expect(count(['passed', 'skipped'])).toEqual({
    status: 0,
    lines: ['skipped: a test', '1 passed, 0 failed, 1 skipped'],
  });
});

test('what is left to the run of everything is counted, and is skipped in none but that', () => {
  const report = reportOf(['passed', 'skipped long']);
  expect(run(report).lines).toEqual(['1 passed, 0 failed, 1 left to .ci/run --all']);
  expect(run(report, 'all').lines).toEqual(['skipped: a test', '1 passed, 0 failed, 1 skipped']);
});

test('nothing ran, or no report was written', () => {
  expect(count()).toEqual({ status: 1, lines: ['0 passed, 0 failed'] });
  expect(run('{')).toEqual({ status: 1, lines: ['0 passed, 0 failed'] });
});
