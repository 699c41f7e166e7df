/** Diffs of one edit: `patch` makes the new text of the old one. */
import { execa } from 'execa';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { textDiff } from './text-diff.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dsmb-diff-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const LINES = Array.from({ length: 12 }, (_, index) => `line ${index}`);
const TEXT = `${LINES.join('\n')}\n`;

it.each([
  ['a line in the middle', TEXT.replace('line 6', 'other')],
  ['the first line', TEXT.replace('line 0', 'other')],
  ['the last line', TEXT.replace('line 11', 'other')],
  ['lines that come', TEXT.replace('line 3\n', 'line 3\nnew\nnewer\n')],
  ['lines that go', TEXT.replace('line 3\nline 4\n', '')],
  ['the newline at the end', TEXT.slice(0, -1)],
  ['everything', ''],
])('%s', async (_what, after) => {
  writeFileSync(join(folder, 'file'), TEXT);
  await execa('patch', ['-p1'], { cwd: folder, input: textDiff('file', TEXT, after) });
  let left = '';
  try {
    left = readFileSync(join(folder, 'file'), 'utf8');
  } catch {
    // patch removes a file that becomes empty.
  }
  expect(left).toBe(after);
});

it('is empty where nothing changes', () => {
  expect(textDiff('file', TEXT, TEXT)).toBe('');
});
