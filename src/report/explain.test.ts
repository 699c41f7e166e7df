/** Causes that a build in a test does not easily have: packages, rules, commands, contents. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { captureBytes } from '../../cache/capture.ts';
import { Store } from '../../cache/store.ts';
import type { Declaration } from '../analysis/declaration.ts';
import { digest } from '../model/digest.ts';
import { keepPackageList } from '../plan/package-list.ts';
import { nodeValue, type Part } from '../plan/parts.ts';
import { causeLines } from './causes.ts';
import { explain } from './explain.ts';
import { palette } from './format.ts';

const folder = mkdtempSync(join(tmpdir(), 'dsmb-explain-'));
const store = new Store(folder);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const plain = palette(process.stdout, { NO_COLOR: '1' });
const declared: Declaration = { rule: 'image', attributes: { size: { value: '1' } } };

function linesFor(before: Part, after: Part, then: Declaration = declared): string[] {
  return causeLines(explain(store, { parts: [before], declared }, { parts: [after], declared: then }), plain);
}

it('a toolchain is explained by its packages', () => {
  const trees = ['a', 'b'].map((hex) => digest(hex.repeat(64), 10));
  keepPackageList(store, trees[0]!, [
    { name: 'mtools', version: '1' },
    { name: 'libc6', version: '2' },
  ]);
  keepPackageList(store, trees[1]!, [
    { name: 'mtools', version: '3' },
    { name: 'libc6', version: '2' },
    { name: 'xz', version: '4' },
  ]);
  const [before, after] = trees.map((tree): Part => ({
    kind: 'toolchain',
    name: 'mtools',
    value: nodeValue({ type: 'directory', digest: tree }),
  }));
  expect(linesFor(before!, after!)).toEqual(['toolchain mtools', '  mtools: 1 → 3', '  xz: new, 4']);
});

it('a command is explained by its arguments, a content by its first line that differs', () => {
  const then = { ...declared, attributes: { size: { value: '2' } } };
  const command = (...argv: string[]): Part => ({ kind: 'command', name: '', value: argv.join('\0') });
  expect(linesFor(command('mformat', '-s', '1'), command('mformat', '-s', '2'), then)).toEqual([
    'attribute size: 1 → 2',
    'command[2]: 1 → 2',
  ]);
  const content = (text: string): Part => {
    return { kind: 'content', name: '', value: nodeValue(captureBytes(store.cas, Buffer.from(text))) };
  };
  expect(linesFor(content('a\nb\n'), content('a\nc\n'), then)).toEqual([
    'attribute size: 1 → 2',
    'content, line 2: b → c',
  ]);
  expect(linesFor(content('a\nb\n'), content('a\n'), then)[1]).toBe('content, line 2: b → ');
});

it('where no attribute changed, the rule did', () => {
  const argument = (value: string): Part => ({ kind: 'argument', name: 'by', value });
  expect(linesFor(argument('1'), argument('2'))).toEqual([
    'rule image declares the action differently',
    '  argument by: 1 → 2',
  ]);
});

it('what is the same needs no explanation', () => {
  const part: Part = { kind: 'salt', name: '', value: '' };
  expect(linesFor(part, part, { ...declared, attributes: {} })).toEqual([]);
});
