/** Build files that import each other say so, with the chain. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { importCycle } from './import-cycle.ts';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'dsmb-cycle-')));
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function cycle(files: Readonly<Record<string, string>>): Promise<string[] | undefined> {
  const folder = mkdtempSync(join(root, 'p'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return (await importCycle(join(folder, Object.keys(files)[0]!)))?.map((path) => path.slice(folder.length + 1));
}

it.each([
  ['two', { 'a.ts': "import { b } from './b.ts'; export const a = b;", 'b.ts': "export { a as b } from './a.ts';" }],
  [
    'an import that is not used',
    { 'a.ts': "import { b } from './b.ts';", 'b.ts': "import './a.ts'; export const b = 1;" },
  ],
])('%s', async (_, files) => {
  expect(await cycle(files)).toEqual(['a.ts', 'b.ts', 'a.ts']);
});

it('a circle that the build file is not part of', async () => {
  const files = { 'a.ts': "import './x/b.ts';", 'x/b.ts': "import '../c.ts';", 'c.ts': "import './x/b.ts';" };
  expect(await cycle(files)).toEqual(['x/b.ts', 'c.ts', 'x/b.ts']);
});

it.each([
  [
    'types',
    { 'a.ts': "import type { B } from './b.ts'; export type A = B;", 'b.ts': "import './a.ts'; export type B = 1;" },
  ],
  ['modules of steps', { 'a.ts': "export const step = () => import('./b.ts');", 'b.ts': "import './a.ts';" }],
  ['what does not parse', { 'a.ts': 'export const = 1;' }],
])('%s make none', async (_, files) => {
  expect(await cycle(files)).toBeUndefined();
});
