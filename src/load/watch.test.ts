/** What code uses while it runs is seen, by whatever way it comes there; what is pure is not. */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Location } from '../model/diagnostic.ts';
import { IMPURE } from './impure.ts';
import { watchImpure } from './watch.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'dsmb-watch-')));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let modules = 0;

/** What a module of a project uses, by name, and where. */
async function used(text: string): Promise<[what: string, at: Location | undefined][]> {
  const module = join(folder, `m${modules++}.mjs`);
  writeFileSync(module, text);
  const uses: [string, Location | undefined][] = [];
  const end = watchImpure(({ path }, at) => {
    // The runner of the tests looks at the clock, too.
    if (at?.file.startsWith(folder)) uses.push([path, at]);
  });
  try {
    await import(module);
  } finally {
    end();
  }
  return uses;
}

describe('seen', () => {
  it.each([
    ['new Date()', 'Date'],
    ['Date()', 'Date'],
    ['Date(0)', 'Date'],
    ['new Date(undefined)', 'Date'],
    ['new Date(2026, 0)', 'Date'],
    ['Date.now()', 'Date.now'],
    ["globalThis['Da' + 'te'].now()", 'Date.now'],
    ['Reflect.construct(Date, [])', 'Date'],
    ['new (new Date(0).constructor)()', 'Date'],
    ['new Date(0).constructor.now()', 'Date.now'],
    ['new (class extends Date {})()', 'Date'],
    ["Object.getOwnPropertyDescriptor(globalThis, 'process').get()", 'process'],
    ["new Function('return Date.now()')()", 'Date.now'],
    ["(0, eval)('new Date()')", 'Date'],
    ['Error.stackTraceLimit = 0; Date.now(); Error.stackTraceLimit = 10', 'Date.now'],
    ['Error.prepareStackTrace = () => 0; Date.now(); delete Error.prepareStackTrace', 'Date.now'],
    ['new Date(0).getHours()', 'Date.prototype.getHours'],
    ['`${new Date(0)}`', 'Date.prototype.toString'],
    ['new Intl.DateTimeFormat("en")', 'Intl.DateTimeFormat'],
    ['Intl.DateTimeFormat().format()', 'Intl.DateTimeFormat'],
    ['new Intl.NumberFormat()', 'Intl.NumberFormat'],
    ['(1.5).toLocaleString()', 'Number.prototype.toLocaleString'],
    ["'a'.localeCompare('b')", 'String.prototype.localeCompare'],
    ['const { random } = Math; random()', 'Math.random'],
    ['crypto.randomUUID()', 'crypto'],
    ['process.env', 'process'],
    ['performance.now()', 'performance'],
    ['typeof fetch', 'fetch'],
    ['queueMicrotask(() => fetch)', 'fetch'],
  ])('%s', async (text, what) => {
    expect((await used(`${text};\nawait 0;\n`)).map(([path]) => path)).toContain(what);
  });

  it('at its place', async () => {
    const [use] = await used('\n  Date.now();\n');
    expect(use).toEqual(['Date.now', { file: expect.stringMatching(/\.mjs$/), line: 2, column: 8 }]);
  });
});

it.each([
  'new Date(0).toISOString()',
  "new Date('2026-01-01T00:00:00Z').getTime()",
  'Date.UTC(2026, 0)',
  'new Date(0) instanceof Date',
  'Math.max(1, 2)',
  "new Intl.NumberFormat('en').format(1)",
  "'a'.localeCompare('b', 'en')",
  "(await import('node:path')).join('a', 'b')",
])('not seen: %s', async (text) => {
  expect(await used(`${text};\n`)).toEqual([]);
});

it('a date that is watched is one like any other', async () => {
  const text = `const date = new Date(5);
if (!(date instanceof Date) || date.constructor !== Date || date.getTime() !== 5) throw new Error('another');
if (Object.prototype.toString.call(date) !== '[object Date]' || new Date(date).getTime() !== 5) throw new Error('another');`;
  expect(await used(text)).toEqual([]);
});

it('all is as it was afterwards', async () => {
  const before = describeGlobals();
  await used('Date.now()');
  expect(describeGlobals()).toEqual(before);
});

function describeGlobals(): unknown[] {
  return IMPURE.map(({ path }) => {
    const names = path.split('.');
    const name = names.pop()!;
    const holder = names.reduce<unknown>((of, one) => (of as Record<string, unknown> | undefined)?.[one], globalThis);
    return holder === undefined ? undefined : Object.getOwnPropertyDescriptor(holder, name);
  });
}
