/** What a data disk cannot be. */
import { expect, it } from 'vitest';
import { dataDisk } from './data-disk.ts';

it('an array without a file system is refused: the disk would be empty', () => {
  const attributes = { array: { uuid: '6e0c9f0a:7b1d4c5e:9a8b7c6d:5e4f3a2b', name: 'nas:2' } };
  expect(() => dataDisk(attributes).rule.implement(attributes as never, {} as never)).toThrow('it needs a fileSystem');
});
