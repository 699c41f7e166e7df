/** What is counted under which kind. */
import { expect, it } from 'vitest';
import { digest } from '../../src/model/digest.ts';
import { fileKind } from './traffic.ts';

it.each([
  [0, 'files'],
  [1024 * 1024, 'files'],
  [4 * 1024 * 1024 - 1, 'files'],
  [4 * 1024 * 1024, 'largeFiles'],
] as const)('a file of %s bytes counts as one of the %s', (size, kind) => {
  expect(fileKind(digest('0'.repeat(64), size))).toBe(kind);
});
