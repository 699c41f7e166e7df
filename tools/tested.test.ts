/** What `docs/tested.md` says of a run, and when it is told to be old. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commitOf } from './tested-page.ts';

const PAGE = 'docs/tested.md';
const REPORT = 'report.json';

/** A repository with the tool, and a commit that has a source, a test and a text. */
const root = mkdtempSync(join(tmpdir(), 'dsmb-tested-'));
beforeAll(() => {
  for (const name of ['tested.ts', 'tested-page.ts', 'tested-parts.ts', 'vitest-report.ts'])
    cpSync(join(import.meta.dirname, name), join(root, 'tools', name));
  write('package.json', '{ "type": "module" }\n');
  write('src/disk/a.ts', 'a\n');
  write('docs/guide.md', '# Guide\n');
  git('init', '--quiet');
  commit();
});
afterAll(() => rmSync(root, { recursive: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

const git = (...args: string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trimEnd();

function commit(): void {
  git('add', '--all');
  git('-c', 'user.name=test', '-c', 'user.email=test@localhost', 'commit', '--quiet', '--message', 'a change');
}

function tool(...args: string[]): string {
  const env = { ...process.env, DSMB_TESTS: 'all' };
  const options = { cwd: root, encoding: 'utf8', env } as const;
  return spawnSync(process.execPath, [join(root, 'tools/tested.ts'), ...args], options).stdout;
}

function report(): string {
  const results = Object.entries({
    'src/disk/one.test.ts': [['passed', 'one']],
    'src/disk/deep/two.test.ts': [
      ['passed', 'two'],
      ['failed', 'three | four'],
    ],
    'cache/store.test.ts': [['passed', 'five']],
    'test/e2e/run.test.ts': [
      ['skipped', 'skipped: no KVM: six'],
      ['skipped', 'skipped: no KVM: seven'],
    ],
  }).map(([name, cases]) => ({
    name: join(root, name),
    status: 'passed',
    assertionResults: cases.map(([status, fullName]) => ({ status, fullName })),
  }));
  const file = join(mkdtempSync(join(tmpdir(), 'dsmb-report-')), REPORT);
  writeFileSync(file, JSON.stringify({ success: true, testResults: results }));
  return file;
}

test('the page has the commit, each feature with its cases, and why some were skipped', () => {
  expect(tool('compare')).toContain(`WARNING: there is no ${PAGE}`);
  const file = report();
  tool('write', file);
  const page = readFileSync(join(root, PAGE), 'utf8');
  expect(commitOf(page)).toBe(git('rev-parse', 'HEAD'));
  expect(page.split('\n\n').slice(3).join('\n\n')).toBe(`\
| feature      | cases | passed | failed | skipped |
| ------------ | ----: | -----: | -----: | ------: |
| cache        |     1 |      1 |      0 |       0 |
| src/disk     |     3 |      2 |      1 |       0 |
| test/e2e/run |     2 |      0 |      0 |       2 |
| all          |     6 |      3 |      1 |       2 |

## Failed

- src/disk: three \\| four

## Skipped, and why

- test/e2e/run: no KVM (2 cases)
`);
  tool('write', file);
  expect(readFileSync(join(root, PAGE), 'utf8')).toBe(page);
  rmSync(dirname(file), { recursive: true });
});

test('a run in parts is one run once all parts of a commit are there', () => {
  const whole = report();
  const page = (): string => readFileSync(join(root, PAGE), 'utf8');
  const { testResults } = JSON.parse(readFileSync(whole, 'utf8')) as { testResults: unknown[] };
  writeFileSync(join(root, '.gitignore'), 'node_modules\n');
  commit();
  tool('write', whole);
  const expected = page();
  write(PAGE, '');
  const part = (text: string, results: unknown[]): string => {
    writeFileSync(whole, JSON.stringify({ success: true, testResults: results }));
    return tool('part', text, whole);
  };
  expect(part('2/2', testResults.slice(0, 1))).toBe('part 2 of 2 is kept; still to run: 1\n');
  expect(page()).toBe('');
  // The same part once more takes the place of the first.
  expect(part('2/2', testResults.slice(1))).toBe('part 2 of 2 is kept; still to run: 1\n');
  expect(part('1/2', testResults.slice(0, 1))).toBe(`all 2 parts were run: ${PAGE} is written\n`);
  expect(page()).toBe(expected);
  expect(part('1/2', [])).toBe('part 1 of 2 is not kept: it has run no case\n');
  expect(page()).toBe(expected);
  write('src/disk/a.ts', 'not committed\n');
  expect(part('1/2', [])).toBe('part 1 of 2 is not kept: there are changes that no commit has\n');
  git('checkout', '--quiet', 'src/disk/a.ts');
  for (const text of ['3/2', '0/2', '1', '']) expect(part(text, [])).toBe('');
  rmSync(dirname(whole), { recursive: true });
});

test('it is old when something else than itself has changed since', () => {
  commit();
  expect(tool('compare')).toBe('');
  write('src/disk/a.ts', 'b\n');
  write('src/disk/b.ts', 'b\n');
  write('build.dsm.ts', 'c\n');
  commit();
  expect(tool('compare')).toMatch(
    /WARNING: docs\/tested\.md is of commit [0-9a-f]{12}; since then 3 files have changed: src\/disk \(2\), build\.dsm\.ts \(1\)\./,
  );
});

test('of changes that no commit has it says so; of a commit that is not here, as well', () => {
  write('src/disk/a.ts', 'd\n');
  const file = report();
  tool('write', file);
  rmSync(dirname(file), { recursive: true });
  const page = readFileSync(join(root, PAGE), 'utf8');
  expect(page).toContain('**with changes that were not committed**');
  write(PAGE, page.replace(/[0-9a-f]{40}/, 'b'.repeat(40)));
  expect(tool('compare')).toContain('is of commit bbbbbbbbbbbb, which this clone does not have');
});
