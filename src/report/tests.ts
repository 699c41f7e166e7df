/** What became of tests: collected from the events of a build, and shown as a table. */
import type { Diagnostic } from '../model/diagnostic.ts';
import type { BuildEvent } from '../model/event.ts';
import type { Label } from '../model/label.ts';
import { formatDuration, plural, type Palette } from './format.ts';

/** How one run of a test ended; `not run` when something that it needs could not be made, or the build was ended. */
export interface TestRun {
  readonly outcome: 'passed' | 'failed' | 'not run';
  /** It passed before, under the same key: nothing ran. */
  readonly cached: boolean;
  readonly durationMs: number;
  /** Of a failed run: the message with the end of the log. */
  readonly diagnostic?: Diagnostic;
}

/** A test with all its runs. */
export interface TestReport {
  readonly label: Label;
  readonly runs: readonly TestRun[];
}

export type Verdict = 'passed' | 'failed' | 'flaky' | 'not run';

/** Collects what the actions of tests did in one build. */
export class TestCollector {
  readonly #ended = new Map<string, (BuildEvent & { type: 'action-finished' })[]>();

  readonly listen = (event: BuildEvent): void => {
    if (event.type === 'action-finished')
      this.#ended.set(event.label, [...(this.#ended.get(event.label) ?? []), event]);
  };

  /** The run of a test, whose artifact was made or not. */
  run(label: Label, made: boolean): TestRun {
    const own = this.#ended.get(label) ?? [];
    const durationMs = own.reduce((sum, one) => sum + one.durationMs, 0);
    const diagnostic = own.find(({ outcome }) => outcome === 'failed')?.diagnostic;
    if (made) return { outcome: 'passed', cached: own.every(({ outcome }) => outcome === 'cached'), durationMs };
    return diagnostic
      ? { outcome: 'failed', cached: false, durationMs, diagnostic }
      : { outcome: 'not run', cached: false, durationMs };
  }
}

/** What all runs of a test come to. One that passes and fails with the same inputs is flaky. */
export function verdictOf({ runs }: TestReport): Verdict {
  const failed = runs.filter(({ outcome }) => outcome === 'failed').length;
  const passed = runs.filter(({ outcome }) => outcome === 'passed').length;
  if (failed > 0) return passed > 0 ? 'flaky' : 'failed';
  return passed === runs.length && passed > 0 ? 'passed' : 'not run';
}

/** How many tests have each verdict, and how many of those that passed did not run. */
export function countVerdicts(reports: readonly TestReport[]): Record<Verdict | 'cached', number> {
  const counts = { passed: 0, failed: 0, flaky: 0, 'not run': 0, cached: 0 };
  for (const report of reports) {
    counts[verdictOf(report)]++;
    if (report.runs.length > 0 && report.runs.every(({ cached }) => cached)) counts.cached++;
  }
  return counts;
}

/** A line a test, and a last one that counts them. */
export function formatTests(reports: readonly TestReport[], paint: Palette): string {
  return [...reports.map((report) => testLine(report, paint)), summary(reports)].join('\n');
}

function testLine(report: TestReport, { green, red, yellow, dim }: Palette): string {
  const verdict = verdictOf(report);
  const colours = { passed: green, failed: red, flaky: yellow, 'not run': yellow };
  return `${colours[verdict](verdict.toUpperCase().padEnd(7))} ${report.label} ${dim(remark(report, verdict))}`;
}

function remark({ runs }: TestReport, verdict: Verdict): string {
  if (verdict === 'not run') return 'something that it needs could not be made';
  if (runs.every(({ cached }) => cached)) return 'cached';
  const time = formatDuration(runs.reduce((sum, { durationMs }) => sum + durationMs, 0));
  if (runs.length === 1) return time;
  const failed = runs.filter(({ outcome }) => outcome === 'failed').length;
  return `${failed === 0 ? plural(runs.length, 'run') : `${failed} of ${plural(runs.length, 'run')} failed`}, ${time}`;
}

function summary(reports: readonly TestReport[]): string {
  const { passed, failed, flaky, 'not run': notRun, cached } = countVerdicts(reports);
  return [
    `${passed} passed${cached > 0 ? ` (${cached} cached)` : ''}`,
    `${failed} failed`,
    ...(flaky > 0 ? [`${flaky} flaky`] : []),
    ...(notRun > 0 ? [`${notRun} not run`] : []),
  ].join(', ');
}
