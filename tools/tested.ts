/**
 * `docs/tested.md`: what the last run of everything has tested, of which commit.
 * `write REPORT` writes it from a JSON report of vitest; `part K/N REPORT` does so once it has the reports of all N parts of
 * a commit; `compare` warns where the page is older than what it covers.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { commitOf, pageOf } from './tested-page.ts';
import { partOf, Parts, type Part } from './tested-parts.ts';
import { readRun } from './vitest-report.ts';

const ROOT = resolve(import.meta.dirname, '..');
const PAGE = 'docs/tested.md';
const PARTS = resolve(ROOT, 'node_modules/.cache/dsmb-test/parts');
/** Changes of the page itself, as of other text that no test reads, make nothing untested. */
const NOT_COVERED = [PAGE, 'LICENSE', 'test/README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md'];
const MOST_FOLDERS = 6;

function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trimEnd();
}

function write(reports: readonly string[]): void {
  const cases = reports.flatMap((report) => readRun(report).cases);
  const relativeCases = cases.map((each) => ({ ...each, file: relative(ROOT, each.file) }));
  writeFileSync(resolve(ROOT, PAGE), pageOf(relativeCases, { commit: git('rev-parse', 'HEAD'), changed: isChanged() }));
}

function isChanged(): boolean {
  return git('status', '--porcelain', '--', '.', `:!${PAGE}`) !== '';
}

/** What is still to be run, or that the page is written. */
function keep({ number, of }: Part, report: string): string {
  if (isChanged()) return `part ${number} of ${of} is not kept: there are changes that no commit has`;
  if (readRun(report).cases.length === 0) return `part ${number} of ${of} is not kept: it has run no case`;
  const parts = new Parts(PARTS, git('rev-parse', 'HEAD'), of);
  parts.keep(number, report);
  const { missing, reports } = parts;
  if (missing.length > 0) return `part ${number} of ${of} is kept; still to run: ${missing.join(', ')}`;
  write(reports);
  return `all ${of} parts were run: ${PAGE} is written`;
}

/** What is to be said; undefined where the page is of what is here now. */
function warning(): string | undefined {
  const commit = commitOf(read());
  if (commit === undefined) return `there is no ${PAGE}: the long tests were never run as a whole`;
  const changed = changedSince(commit);
  if (changed === undefined) return `${PAGE} is of commit ${commit.slice(0, 12)}, which this clone does not have`;
  if (changed.length === 0) return undefined;
  return `${PAGE} is of commit ${commit.slice(0, 12)}; since then ${changed.length} files have changed: ${summary(changed)}`;
}

function read(): string {
  try {
    return readFileSync(resolve(ROOT, PAGE), 'utf8');
  } catch {
    return '';
  }
}

/** Paths that are not as they were in a commit; undefined where there is no such commit here. */
function changedSince(commit: string): readonly string[] | undefined {
  try {
    const paths = git('diff', '--name-only', commit, '--', '.', ...NOT_COVERED.map((path) => `:!${path}`));
    return paths.split('\n').filter((path) => path !== '');
  } catch {
    return undefined;
  }
}

function summary(paths: readonly string[]): string {
  const folders = Map.groupBy(paths, (path) =>
    path
      .split('/')
      .slice(0, path.startsWith('src/') ? 2 : 1)
      .join('/'),
  );
  const counts = [...folders].map(([folder, { length }]) => [folder, length] as const);
  const largest = counts.toSorted(([, a], [, b]) => b - a).map(([folder, count]) => `${folder} (${count})`);
  const rest = largest.length > MOST_FOLDERS ? [`${largest.length - MOST_FOLDERS} more`] : [];
  return [...largest.slice(0, MOST_FOLDERS), ...rest].join(', ');
}

const [command, first = '', second = ''] = process.argv.slice(2);
const part = partOf(first);
if (command === 'write' && first !== '') write([first]);
else if (command === 'part' && part && second !== '') console.log(keep(part, second));
else if (command === 'compare') {
  const text = warning();
  if (text !== undefined)
    console.log(
      `\n!!! WARNING: ${text}.\n!!! What long tests would find is not known. Run .ci/run --all, and commit the page.`,
    );
} else {
  console.error('Usage: tested.ts write REPORT | part K/N REPORT | compare');
  process.exitCode = 2;
}
