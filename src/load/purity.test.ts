/** What a build file must not do is found in its text, and what it may do is not. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { impurities } from './purity.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dsmb-purity-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function found(text: string, name = 'build.dsm.ts'): string[] {
  const file = join(folder, name);
  writeFileSync(file, text);
  return impurities([file]).map(({ message }) => /use (.*):/.exec(message)?.[1] ?? message);
}

describe('impure', () => {
  it.each([
    ["import { readFileSync } from 'node:fs';", 'node:fs'],
    ["import 'fs/promises';", 'fs/promises'],
    ["export { x } from 'child_process';", 'child_process'],
    ["export const x = await import('node:os');", 'node:os'],
    ["export const x = process.env['HOME'];", 'process.env'],
    ['export const x = { process };', 'process'],
    ['export const x = Date.now();', 'Date.now'],
    ['export const x = new Date();', 'new Date()'],
    ['export const x = Date();', 'Date()'],
    ['export const x = Math.random();', 'Math.random'],
    ['export const x = crypto.randomUUID();', 'crypto.randomUUID'],
    ["export const x = await fetch('https://example.org');", 'fetch'],
    ['export const x = () => performance.now();', 'performance.now'],
    ['export const x = globalThis.process;', 'globalThis.process'],
    ["export const x = require('x');", 'require'],
    ["export const x = Date['now']();", 'Date.now'],
    ['export const x = (Date).now();', 'Date.now'],
    ['export const x = Date?.now?.();', 'Date.now'],
    ["export const x = globalThis['process'].env;", 'globalThis.process'],
    ['export const x = globalThis.Date.now();', 'globalThis.Date.now'],
    ['export const x = globalThis[`pro${"cess"}`];', 'globalThis[…]'],
    ['export const { random } = Math;', 'Math as a whole'],
    ['const now = Date; export const x = new now();', 'Date'],
    ['export const x = Reflect.construct(Date, []);', 'Date'],
    ['export const x = Date(0);', 'Date()'],
    ['export const x = new Date(undefined);', 'new Date()'],
    ['export const x = new Date(2026, 0, 1);', 'new Date()'],
    ['export const x = new Date(0).getHours();', 'getHours'],
    ['export const x = new Intl.DateTimeFormat("en").format();', 'Intl.DateTimeFormat'],
    ['export const x = Intl.DateTimeFormat().format();', 'Intl.DateTimeFormat'],
    ['export const x = new Intl.NumberFormat().format(1.5);', 'Intl.NumberFormat'],
    ['export const x = (1.5).toLocaleString();', 'toLocaleString'],
    ["export const x = ['b', 'a'].sort((a, b) => a.localeCompare(b));", 'localeCompare'],
    ['export const x = Temporal.Now.instant();', 'Temporal.Now'],
    ['export const x = navigator.hardwareConcurrency;', 'navigator.hardwareConcurrency'],
    ["export const x = new WebSocket('wss://example.org');", 'WebSocket'],
    ['export const x = localStorage.length;', 'localStorage.length'],
    ['export const x = new WeakRef({});', 'WeakRef'],
    ['setTimeout(() => {}, 0);', 'setTimeout'],
    ["export const x = new Function('return Date.now()');", 'Function'],
    ["export const x = eval('Date');", 'eval'],
    ['Error.stackTraceLimit = 0;', 'Error.stackTraceLimit'],
  ])('%s', (text, what) => {
    expect(found(text)).toEqual([what]);
  });

  it('what a module does that the build file runs, and not a step or a type', () => {
    writeFileSync(join(folder, 'rules.ts'), 'export const now = (): number => Date.now();\n');
    writeFileSync(join(folder, 'x.step.ts'), "import 'node:fs';\nexport default Date.now();\n");
    const text = `import { now } from './rules.ts';
      import type step from './x.step.ts';
      export const x = now; export type Y = typeof step | typeof import('./x.step.ts').default;`;
    expect(found(text)).toEqual(['Date.now']);
  });
});

describe('pure', () => {
  it.each([
    "import { join } from 'node:path'; export const x = join('a', 'b');",
    'export const x = new Date(0).toISOString() + Math.max(1, 2);',
    'export const x = { process: 1, fetch: 2 }.process;',
    'const crypto = 1; export const x = crypto;',
    'export const f = (performance: number): number => performance;',
    'export const f = (x: unknown): boolean => x instanceof Date || x instanceof Function;',
    'export const x = Date.UTC(2026, 0, 1) + Math.max(1, 2);',
    "export const x = new Intl.NumberFormat('en').format(1.5) + 'a'.localeCompare('b', 'en');",
    'class Watch { process = 1; fetch(): number { return 2; } } export const x = new Watch();',
    'const { fetch: get } = { fetch: 1 }; export const x = get;',
    'export const x = `${new Error("a").message}`;',
    'export type T = Date; export const x = 1 as unknown as typeof process;',
    "export const x = new URL('./x.step.ts', import.meta.url);",
    "import type { Stats } from 'node:fs'; export type S = Stats;",
  ])('%s', (text) => {
    expect(found(text)).toEqual([]);
  });
});
