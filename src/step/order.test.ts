/** The order of everything that is hashed. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compareCodePoints, sortByCodePoint } from './order.ts';

const text = fc.string({ unit: 'binary', maxLength: 6 }).filter((one) => one.isWellFormed());

function compareOneByOne(a: string, b: string): number {
  const [as, bs] = [[...a].map((one) => one.codePointAt(0)!), [...b].map((one) => one.codePointAt(0)!)];
  const at = as.findIndex((one, index) => one !== bs[index]);
  return at < 0 ? as.length - bs.length : as[at]! - (bs[at] ?? -1);
}

it('is that of the code points', () => {
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(Math.sign(compareCodePoints(a, b))).toBe(Math.sign(compareOneByOne(a, b)));
    }),
  );
});

it('is not that of any locale, nor that of UTF-16', () => {
  const sorted = ['B', 'a', 'z', 'ä', '\uffff', '\u{10000}'];
  expect(sortByCodePoint(sorted.toReversed())).toEqual(sorted);
  expect(sorted.toReversed().toSorted()).not.toEqual(sorted);
});

it('does not change what is sorted', () => {
  const items = [{ name: 'b' }, { name: 'a' }];
  expect(sortByCodePoint(items, ({ name }) => name).map(({ name }) => name)).toEqual(['a', 'b']);
  expect(items[0]?.name).toBe('b');
});
