/** Files that are read in place. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { temporaryFolder } from './model.test-helper.ts';
import { fileSource } from './source.ts';

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

test('a file that has been closed gives nothing, not the bytes of one that was opened since', () => {
  const [one, other] = ['one', 'other'].map((name) => join(folder.path, name)) as [string, string];
  writeFileSync(one, 'of the one');
  writeFileSync(other, 'of another');
  const source = fileSource(one);
  expect(source.read(0, 10).toString()).toBe('of the one');
  source.close();
  // It gets the number that has become free.
  using next = fileSource(other);
  expect(() => source.read(0, 10)).toThrow(`${one} has been closed`);
  source.close();
  expect(next.read(0, 10).toString()).toBe('of another');
});
