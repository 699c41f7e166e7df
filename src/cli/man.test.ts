/** The manual page: a real groff reads it without a warning, and it has what `--help` has. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { build } from './build.ts';
import { optionRows } from './help.ts';
import { manPage } from './man.ts';
import { set } from './set.ts';

const page = manPage([build, set], '1.2.3');

test('has each command with its options and examples', () => {
  for (const command of [build, set]) {
    expect(page).toContain(`.SS dsmb ${command.name}`);
    for (const [option] of optionRows(command))
      expect(page).toContain(`.B ${option.replaceAll('-', '\\-').replaceAll('…', '\\[u2026]')}\n`);
    for (const [call] of command.examples) expect(page).toContain(call.replaceAll('-', '\\-'));
  }
  expect(page).toMatch(/^\.TH DSMB 1 "" "dsmb 1\.2\.3"/);
});

test('no text begins a line with a request, or has a bare backslash', () => {
  const text = manPage([{ ...build, summary: "x 'y' \\z", examples: [['a', '.SH INJECTED']] }], '1');
  expect(text).toContain('X \\(aqy\\(aq \\ez.');
  expect(text).toContain('\\&.SH INJECTED');
});

const hasGroff = spawnSync('groff', ['--version']).status === 0;

test.skipIf(!hasGroff)(`${hasGroff ? '' : 'skipped: there is no groff here: '}groff reads it`, () => {
  const { status, stdout, stderr } = spawnSync('groff', ['-man', '-Tutf8', '-ww', '-P', '-c'], {
    input: page,
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([0, '']);
  // Bold letters are struck over.
  expect(stdout.replaceAll(/.\x08/g, '')).toMatch(/.keep.going/);
});
