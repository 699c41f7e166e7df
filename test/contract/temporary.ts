/** A folder for one test file. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** Gives new names in a folder that is removed after the file's tests. */
export function temporaryNames(): () => string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'dsmb-contract-')));
  let count = 0;
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return () => join(folder, String(count++));
}
