/** What people read of a log. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { endOf } from './details.ts';

const RECORD = `\x1e${JSON.stringify({ type: 'machine', machine: 1, picture: 'A'.repeat(200_000) })}\n`;
const KIB = 1024;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dsmb-details-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function endOfLog(text: string) {
  const path = join(folder, 'log');
  writeFileSync(path, text);
  return endOf(path);
}

test('a short log is told whole, without colours', () => {
  expect(endOfLog('\x1b[31mred\x1b[0m\nend\n')).toEqual({ text: 'red\nend\n', leftOut: 0 });
  expect(endOfLog('')).toEqual({ text: '', leftOut: 0 });
});

test('of a long one, the end is told, and how much stands before it', () => {
  expect(endOfLog(`${'a'.repeat(100 * KIB)}end`)).toEqual({
    text: `${'a'.repeat(64 * KIB - 3)}end`,
    leftOut: 36 * KIB + 3,
  });
});

test('what a step has told the engine is left out', () => {
  expect(endOfLog(`begin\n${RECORD}end\n`)).toEqual({ text: 'begin\nend\n', leftOut: 0 });
  const { text, leftOut } = endOfLog(`begin\n${RECORD.repeat(20)}end\n`);
  expect(text).toBe('end\n');
  expect(leftOut).toBeGreaterThan(0);
});
