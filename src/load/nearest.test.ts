/** The distance between names, and which one was meant. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance, nearest } from './nearest.ts';

const word = fc.string({ maxLength: 8 });

describe('the edit distance', () => {
  it('is a distance', () => {
    fc.assert(
      fc.property(word, word, word, (a, b, c) => {
        expect(editDistance(a, a)).toBe(0);
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) > 0).toBe(a !== b);
        expect(editDistance(a, c)).toBeLessThanOrEqual(editDistance(a, b) + editDistance(b, c));
      }),
    );
  });

  it('lies between the difference of the lengths and the longer length', () => {
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(editDistance(a, b)).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
        expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
    );
  });

  it.each([
    ['kitten', 'sitting', 3],
    ['', 'abc', 3],
    ['mac', 'mca', 1],
    ['ca', 'abc', 2],
    ['test', 'tset', 1],
    ['flaw', 'lawn', 2],
  ])('of %s and %s is %i', (a, b, distance) => expect(editDistance(a, b)).toBe(distance));
});

describe('the nearest name', () => {
  it('has the letters that were written', () => {
    expect(nearest('tset', ['set', 'test'])).toBe('test');
    expect(nearest('bsh', ['zsh', 'bash'])).toBe('bash');
  });

  const known = ['//cloudTarball', '//bootImage', '//bootPartition', 'mac'];

  it.each([
    ['//cloudTarbal', '//cloudTarball'],
    ['//CloudTarBall', '//cloudTarball'],
    ['//bootImgae', '//bootImage'],
    ['mca', 'mac'],
    ['//bootPratition', '//bootPartition'],
  ])('to %s is %s', (name, meant) => expect(nearest(name, known)).toBe(meant));

  it.each(['//xyzzy', 'pat', ''])('to %j is none', (name) => {
    expect(nearest(name, ['//cloudTarball', '//bootImage'])).toBeUndefined();
  });

  it('to a known name is itself', () => {
    fc.assert(
      fc.property(fc.uniqueArray(word, { minLength: 1, selector: (one) => one.toLowerCase() }), (names) => {
        for (const name of names) expect(nearest(name, names)).toBe(name);
      }),
    );
  });
});
