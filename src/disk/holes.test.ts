import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dataRanges, parseFilefrag } from './holes.ts';
import { temporaryFolder } from './model.test-helper.ts';

const MIB = 1024 * 1024;

test('what is written lies in the ranges, or nobody can tell', () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'sparse file');
  const file = openSync(path, 'w');
  ftruncateSync(file, 4096 * MIB);
  const places = [0, 5 * MIB + 3, 700 * MIB, 4095 * MIB];
  for (const place of places) writeSync(file, 'data', place);
  closeSync(file);
  const ranges = dataRanges(path);
  for (const place of ranges ? places : [])
    expect(ranges?.some(({ offset, length }) => offset <= place && place + 4 <= offset + length)).toBe(true);
  expect(ranges?.reduce((sum, { length }) => sum + length, 0) ?? 0).toBeLessThan(16 * MIB);
  expect(dataRanges(join(folder.path, 'none'))).toBeUndefined();
});

const HEAD = 'Filesystem type is: ef53\nFile size of x is 1048576 (2048 blocks of 512 bytes)\n';

test('the table of filefrag; one that is not understood tells nothing', () => {
  const row = '   0:        0..     383:   61046784..  61047167:    384:            \n';
  const last = '   1:     2048..    2055:   61048832..  61048839:      8:             last,eof\n';
  expect(parseFilefrag(`${HEAD}${row}${last}x: 1 extent found\n`)).toEqual([
    { offset: 0, length: 384 * 512 },
    { offset: MIB, length: 4096 },
  ]);
  expect(parseFilefrag(`${HEAD}x: 0 extents found\n`)).toEqual([]);
  expect(parseFilefrag(`${HEAD}${row}   1: something else\nx: 2 extents found\n`)).toBeUndefined();
  expect(parseFilefrag(`${HEAD}${row}`)).toBeUndefined();
});
