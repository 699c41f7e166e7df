/** A file of the ledger is read whole, or it is said why not. */
import { mkdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Folder } from './made.test-helper.ts';
import { readKept, writeKept } from './kept-file.ts';

it('is there, is not, is not whole, or cannot be read', () => {
  using folder = new Folder();
  const path = join(folder.path, 'file');
  expect(readKept(path)).toBeUndefined();
  writeKept(path, 'text');
  expect(readKept(path)).toEqual(Buffer.from('text'));
  truncateSync(path, 33);
  expect(readKept(path)).toEqual({ because: `${path} is not whole` });
  expect(readKept(join(path, 'below'))).toEqual({
    because: expect.stringMatching(/ENOTDIR|not a folder|not a directory/),
  });
  mkdirSync(join(folder.path, 'taken'));
  expect(readKept(join(folder.path, 'taken'))).toEqual({ because: expect.any(String) });
});
