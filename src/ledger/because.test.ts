/** What is in the way of spared work is told, and a defect is told from it. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { fail } from '../model/diagnostic.ts';
import { becauseOf, isBecause, orBecause } from './because.ts';

it('gives what the work gives', () => {
  expect(orBecause(() => 7)).toBe(7);
  expect(becauseOf(() => undefined)).toEqual([]);
  expect(isBecause(undefined)).toBe(false);
  expect(isBecause(new Map())).toBe(false);
});

it('says what the system, or an error of the user, has in its way', () => {
  expect(orBecause(() => readFileSync('/no/such/file'))).toEqual({ because: expect.stringMatching(/no such file/) });
  expect(orBecause(() => fail('USAGE', 'it is wrong'))).toEqual({ because: 'it is wrong' });
  expect(becauseOf(() => fail('USAGE', 'it is wrong'))).toEqual([{ because: 'it is wrong' }]);
});

it('marks a defect, and asks for a report of it', () => {
  const broken = orBecause(() => (undefined as unknown as string).length);
  expect(broken).toMatchObject({ isDefect: true, because: expect.stringMatching(/undefined.*report it/) });
});
