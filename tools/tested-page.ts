/** The text of `docs/tested.md`: small, and the same for the same run. */
import type { Case } from './vitest-report.ts';

interface Of {
  readonly commit: string;
  /** There were changes that no commit has. */
  readonly changed: boolean;
}

const COMMIT = /^Of commit `([0-9a-f]{40,64})`/m;

/** Which commit a page is of; undefined where that is not to be seen. */
export function commitOf(page: string): string | undefined {
  return COMMIT.exec(page)?.[1];
}

/** Paths of cases are relative to the repository. */
export function pageOf(cases: readonly Case[], { commit, changed }: Of): string {
  const features = Map.groupBy(cases, ({ file }) => featureOf(file));
  const rows = [...features].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([feature, of]) => row(feature, of));
  return `# What was tested

The last run of everything, by \`.ci/run --all\`, which has written this page: change it by running that.

Of commit \`${commit}\`${changed ? ', **with changes that were not committed**' : ''}.

${table([['feature', 'cases', 'passed', 'failed', 'skipped'], ...rows, row('all', cases)])}${section('Failed', cases, 'failed')}${section('Skipped, and why', cases, 'skipped')}`;
}

/** Tests of the command line have a feature a file; those beside the code belong to their folder. */
function featureOf(file: string): string {
  const parts = file.replace(/\.test\.ts$/, '').split('/');
  if (parts[0] === 'test') return parts.join('/');
  return parts.slice(0, parts[0] === 'src' || parts[0] === 'rules' ? Math.min(2, parts.length - 1) : 1).join('/');
}

function row(feature: string, cases: readonly Case[]): string[] {
  const count = (wanted: Case['status']): string => String(cases.filter(({ status }) => status === wanted).length);
  return [feature, String(cases.length), count('passed'), count('failed'), count('skipped')];
}

/** Columns are as wide as their widest cell, as the formatter writes them. */
function table([head = [], ...rows]: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((cells) => cells[column]!.length)));
  const line = (cells: readonly string[]): string => `| ${cells.map(padded).join(' | ')} |\n`;
  const padded = (cell: string, column: number): string =>
    column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!);
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [head, rule, ...rows].map(line).join('');
}

/** A case says why it is skipped in its name, mostly in that of what it is a part of: each reason stands once. */
function section(title: string, cases: readonly Case[], wanted: Case['status']): string {
  const found = cases.filter(({ status }) => status === wanted);
  if (found.length === 0) return '';
  const lines = Map.groupBy(found, (each) => `${featureOf(each.file)}: ${reasonOf(each)}`);
  const items = [...lines].map(([line, { length }]) => `- ${line}${length > 1 ? ` (${length} cases)` : ''}\n`);
  return `\n## ${title}\n\n${items.toSorted().join('')}`;
}

function reasonOf({ fullName, status }: Case): string {
  const [, reason] = /\bskipped: ([^:)]+)/.exec(fullName) ?? [];
  return escaped(status === 'skipped' && reason !== undefined ? reason : fullName);
}

/** Names of cases are text, whatever they have in them. */
function escaped(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll(/[\\`*_<>[\]|~]/g, String.raw`\$&`);
}
