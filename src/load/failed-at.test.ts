/** Where in a module an import stands. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { importPlace } from './failed-at.ts';

it('is the line with its specifier, of no comment, and nowhere in a file that cannot be read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dsmb-failed-at-'));
  const file = join(folder, 'rules.ts');
  writeFileSync(file, "// not 'node:os'\n/* nor 'node:os'\n * 'node:os' */\nimport { cpus } from 'node:os';\n");
  const isWanted = (one: string): boolean => one === 'node:os';
  expect(importPlace(file, isWanted)).toEqual({ file, line: 4, column: 22 });
  rmSync(folder, { recursive: true });
  expect(importPlace(file, isWanted)).toBeUndefined();
});
