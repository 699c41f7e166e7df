/** The results of tests as JUnit XML, as continuous integration reads it: a suite a package, a case a test. */
import type { Diagnostic } from '../model/diagnostic.ts';
import { splitLabel } from '../model/label.ts';
import { countVerdicts, verdictOf, type TestReport } from './tests.ts';

/** The file's text. Times are in seconds. */
export function junitXml(reports: readonly TestReport[]): string {
  const packages = Map.groupBy(reports, ({ label }) => splitLabel(label).packageName);
  const suites = [...packages].map(([name, tests]) =>
    element('testsuite', { name: `//${name}`, ...totals(tests), skipped: '0' }, tests.map(testCase)),
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element('testsuites', { name: 'dsmb', ...totals(reports) }, suites)}\n`;
}

function totals(reports: readonly TestReport[]): Record<string, string> {
  const { failed, flaky, 'not run': notRun } = countVerdicts(reports);
  const durationMs = reports.reduce((sum, report) => sum + durationOf(report), 0);
  return {
    tests: String(reports.length),
    failures: String(failed + flaky),
    errors: String(notRun),
    time: seconds(durationMs),
  };
}

function testCase(report: TestReport): string {
  const { packageName, name } = splitLabel(report.label);
  return element('testcase', { name, classname: `//${packageName}`, time: seconds(durationOf(report)) }, [
    ...problem(report),
  ]);
}

/** A test that is flaky is a failure as well: the message has the word. */
function problem(report: TestReport): string[] {
  const verdict = verdictOf(report);
  if (verdict === 'passed') return [];
  if (verdict === 'not run') {
    const message = 'something that it needs could not be made';
    return [element('error', { type: 'NOT_RUN', message }, [])];
  }
  const failures = report.runs.flatMap(({ diagnostic }) => diagnostic ?? []);
  const [first] = failures;
  const flaky = `flaky: ${failures.length} of ${report.runs.length} runs failed: `;
  const message = `${verdict === 'flaky' ? flaky : ''}${first?.message ?? ''}`;
  return [element('failure', { type: first?.code ?? 'FAILED', message }, failures.map(explanation))];
}

function explanation({ code, message, detail, hint }: Diagnostic): string {
  return escaped([`${code} ${message}`, detail, hint && `hint: ${hint}`].filter((line) => line).join('\n'));
}

function durationOf({ runs }: TestReport): number {
  return runs.reduce((sum, { durationMs }) => sum + durationMs, 0);
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

/** `content` is XML already. */
function element(name: string, attributes: Readonly<Record<string, string>>, content: readonly string[]): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(value)}"`);
  const start = `<${name}${written.join('')}`;
  return content.length === 0 ? `${start}/>` : `${start}>\n${content.join('\n')}\n</${name}>`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Logs hold anything. What XML 1.0 has no character for, not even escaped, becomes U+FFFD. */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replaceAll(/[&<>"]/g, (character) => ENTITIES[character]!);
}
