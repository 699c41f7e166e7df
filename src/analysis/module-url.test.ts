/** Where the module of a step is, and what was meant where there is none. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { Failure } from '../model/diagnostic.ts';
import { moduleUrl } from './module-url.ts';

const folder = mkdtempSync(join(tmpdir(), 'dsmb-module-'));
const rule = join(folder, 'sums.ts');
writeFileSync(join(folder, 'sums.step.ts'), '');
afterAll(() => rmSync(folder, { recursive: true }));

it('is beside the file that declares the action', () => {
  const module = () => import('./sums.step.ts' as string);
  expect(moduleUrl(module, 'Sums', rule)).toEqual(pathToFileURL(join(folder, 'sums.step.ts')));
});

it.each([
  ['a name that is nearly right', () => import('./sum.step.ts' as string), 'did you mean ./sums.step.ts?'],
  ['another folder', () => import('./steps/sums.step.ts' as string), "write module: () => import('./x.step.ts')"],
])('%s has a hint', (_what, module, hint) => {
  const problem = (): unknown => moduleUrl(module, 'Sums', rule);
  expect(problem).toThrow(Failure);
  expect(problem).toThrow(
    expect.objectContaining({ diagnostic: expect.objectContaining({ hint: expect.stringContaining(hint) }) }),
  );
});
