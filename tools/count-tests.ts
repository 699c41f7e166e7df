/**
 * Prints what a JSON report of vitest counts: `N passed, N failed`, how many were skipped, each with its name, and how
 * many were left to `.ci/run --all`.
 */
import { readRun, type Case } from './vitest-report.ts';

const { success, cases } = readRun(process.argv[2] ?? '');
const count = (wanted: Case['status']) => cases.filter(({ status }) => status === wanted).length;
const [passed, failed] = [count('passed'), count('failed')];
for (const { fullName, status } of cases) if (status === 'skipped') console.log(`skipped: ${fullName}`);
const rest = [
  ...(count('skipped') > 0 ? [`${count('skipped')} skipped`] : []),
  ...(count('left') > 0 ? [`${count('left')} left to .ci/run --all`] : []),
];
console.log([`${passed} passed`, `${failed} failed`, ...rest].join(', '));
process.exitCode = success && passed > 0 && failed === 0 ? 0 : 1;
