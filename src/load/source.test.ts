/** Positions of attributes in build files. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { BuildFileSources } from './source.ts';

const folder = mkdtempSync(join(tmpdir(), 'dsmb-source-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = join(folder, 'build.dsm.ts');
writeFileSync(
  file,
  `export const x = image({
  size: 1,
  'quoted-name': 2,
  files: { boot: { path: 'a' }, list: ['b', { deep: 'c' }] },
  shared,
});
`,
);

describe('the place of an attribute', () => {
  const sources = new BuildFileSources();
  const placeOf = (path: string): string | undefined => {
    const found = sources.attribute({ file, line: 1, column: 18 }, path);
    return found && `${found.line}:${found.column}`;
  };

  it.each([
    ['size', '2:3'],
    ['files', '4:3'],
    ['files.boot.path', '4:20'],
    ['files.list[0]', '4:40'],
    ['files.list[1].deep', '4:47'],
    ['shared', '5:3'],
    // As much of a path is followed as is written out.
    ['files.list[7].deep', '4:33'],
    ['shared.deep', '5:3'],
  ])('%s', (path, place) => expect(placeOf(path)).toBe(place));

  it('is unknown where it is not written', () => {
    expect(placeOf('other')).toBeUndefined();
  });
});
