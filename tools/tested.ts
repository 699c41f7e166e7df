/**
 * `docs/tested.md`: what the last run of everything has tested, of which commit.
 * `write REPORT` writes it from a JSON report of vitest; `compare` warns where it is older than what it covers.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { commitOf, pageOf } from './tested-page.ts';
import { readRun } from './vitest-report.ts';

const ROOT = resolve(import.meta.dirname, '..');
const PAGE = 'docs/tested.md';
/** Changes of the page itself, as of other text that no test reads, make nothing untested. */
const NOT_COVERED = [PAGE, 'LICENSE', 'test/README.md'];
const MOST_FOLDERS = 6;

function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trimEnd();
}

function write(report: string): void {
  const cases = readRun(report).cases.map((each) => ({ ...each, file: relative(ROOT, each.file) }));
  const changed = git('status', '--porcelain', '--', '.', `:!${PAGE}`) !== '';
  writeFileSync(resolve(ROOT, PAGE), pageOf(cases, { commit: git('rev-parse', 'HEAD'), changed }));
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

const [command, report] = process.argv.slice(2);
if (command === 'write' && report !== undefined) write(report);
else if (command === 'compare') {
  const text = warning();
  if (text !== undefined)
    console.log(
      `\n!!! WARNING: ${text}.\n!!! What long tests would find is not known. Run .ci/run --all, and commit the page.`,
    );
} else {
  console.error('Usage: tested.ts write REPORT | compare');
  process.exitCode = 2;
}
