/** Results of tests: what they come to, and JUnit XML that a real parser reads. */
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { label } from '../model/label.ts';
import { junitXml } from './junit.ts';
import { palette } from './format.ts';
import { countVerdicts, formatTests, verdictOf, type TestReport, type TestRun } from './tests.ts';

const NASTY = 'log: <b> & "quotes" ]]> \u0000\u001b[31m \ud800 \ufffe é 日本';
const passed: TestRun = { outcome: 'passed', cached: false, durationMs: 1500 };
const cached: TestRun = { outcome: 'passed', cached: true, durationMs: 1 };
const failed: TestRun = {
  outcome: 'failed',
  cached: false,
  durationMs: 20,
  diagnostic: { code: 'TEST_FAILED', message: NASTY, detail: NASTY, hint: 'mend it' },
};
const notRun: TestRun = { outcome: 'not run', cached: false, durationMs: 0 };

const report = (name: string, ...runs: TestRun[]): TestReport => ({ label: label('pkg/deep', name), runs });
const ALL = [
  report('good', passed),
  report('known', cached),
  report('bad', failed),
  report('flaky', passed, failed, failed),
  report('blocked', notRun),
  { label: label('', 'root'), runs: [passed, passed] },
];

describe('verdicts', () => {
  it('are those of all runs', () => {
    expect(ALL.map(verdictOf)).toEqual(['passed', 'passed', 'failed', 'flaky', 'not run', 'passed']);
    expect(countVerdicts(ALL)).toEqual({ passed: 3, failed: 1, flaky: 1, 'not run': 1, cached: 1 });
  });

  it('are shown, a line a test, and counted', () => {
    const lines = formatTests(ALL, palette(process.stdout, { NO_COLOR: '1' })).split('\n');
    expect(lines).toEqual([
      'PASSED  //pkg/deep:good 1.5 s',
      'PASSED  //pkg/deep:known cached',
      'FAILED  //pkg/deep:bad 20 ms',
      'FLAKY   //pkg/deep:flaky 2 of 3 runs failed, 1.5 s',
      'NOT RUN //pkg/deep:blocked something that it needs could not be made',
      'PASSED  //root 2 runs, 3.0 s',
      '3 passed (1 cached), 1 failed, 1 flaky, 1 not run',
    ]);
  });
});

const READ = `
import json, sys, xml.etree.ElementTree as tree
suite = lambda one: {**one.attrib, 'cases': [[case.attrib, [[part.tag, part.attrib, part.text] for part in case]] for case in one]}
root = tree.fromstring(sys.stdin.buffer.read())
print(json.dumps([root.attrib, [suite(one) for one in root]]))
`;

interface Suite {
  readonly name: string;
  readonly cases: readonly (readonly [
    Record<string, string>,
    readonly (readonly [string, Record<string, string>, string])[],
  ])[];
}

describe('JUnit XML', () => {
  it('is read by a parser, whatever the log holds', async () => {
    const { stdout } = await execa('python3', ['-c', READ], {
      input: junitXml(ALL),
      env: { PYTHONIOENCODING: 'utf8' },
    });
    const [totals, suites] = JSON.parse(stdout) as [Record<string, string>, Suite[]];
    expect(totals).toEqual({ name: 'dsmb', tests: '6', failures: '2', errors: '1', time: '6.061' });
    expect(suites.map(({ name, cases }) => [name, cases.length])).toEqual([
      ['//pkg/deep', 5],
      ['//', 1],
    ]);
    const [good, , bad, flaky, blocked] = suites[0]!.cases;
    expect(good).toEqual([{ name: 'good', classname: '//pkg/deep', time: '1.500' }, []]);
    const text = 'log: <b> & "quotes" ]]> \ufffd\ufffd[31m \ufffd \ufffd é 日本';
    expect(bad?.[1]).toEqual([
      ['failure', { type: 'TEST_FAILED', message: text }, `\nTEST_FAILED ${text}\n${text}\nhint: mend it\n`],
    ]);
    expect(flaky?.[1][0]?.[1]['message']).toContain('flaky: 2 of 3 runs failed');
    expect(blocked?.[1].map(([tag]) => tag)).toEqual(['error']);
  });

  it('of no tests is a document all the same', () => {
    expect(junitXml([])).toContain('<testsuites name="dsmb" tests="0"');
  });
});
