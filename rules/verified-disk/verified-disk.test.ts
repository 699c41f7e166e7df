/** What verifiedDisk cannot be given. */
import { expect, it } from 'vitest';
import { verifiedDisk } from './verified-disk.ts';

const made = (attributes: object): unknown =>
  verifiedDisk(attributes as never).rule.implement(attributes as never, {} as never);

it.each([
  [{ place: 'last' }, 'place: there are no dataDisks'],
  [{ place: 'first', dataDisks: [] }, 'place: there are no dataDisks'],
  [{ expect: 'install-screen', volumes: ['/volume1'] }, 'volumes: an install screen has none'],
  [{ firmware: [] }, 'firmware: the list is empty'],
])('an attribute without effect is refused: %j', (attributes, message) => {
  expect(() => made(attributes)).toThrow(message);
});
