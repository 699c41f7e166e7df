/** What may stand at the end of a query that is not finished. */
import { expect, it } from 'vitest';
import { expectedAtEnd } from './expected.ts';

it.each([
  ['', 'expression', undefined, ''],
  ['//a', 'expression', undefined, ''],
  ['//a - //', 'expression', undefined, ''],
  ['deps(//a', 'expression', 'deps', ')'],
  ['deps(tests(//a', 'expression', 'tests', '))'],
  ['rdeps(//a', 'expression', 'rdeps', ','],
  ['rdeps(deps(//a', 'expression', 'deps', '),'],
  ['rdeps(//a, //b', 'expression', 'rdeps', ')'],
  ['rdeps(//a, //b, ', 'depth', 'rdeps', ')'],
  ['deps((//a', 'expression', undefined, ''],
  ['set(//a //', 'expression', undefined, ''],
  ['kind(', 'pattern', 'kind', ','],
  ['kind(File, ', 'expression', 'kind', ')'],
  ['attr(ti', 'text', 'attr', ','],
  ['attr(timeout, "^0$", //', 'expression', 'attr', ')'],
  ['//a un', 'operator', undefined, ' '],
  ['deps(//a) ', 'operator', undefined, ' '],
  ['//a union //', 'expression', undefined, ''],
])('%s', (query, what, name, after) => {
  expect(expectedAtEnd(query)).toMatchObject({ what, function: name, after });
});

it.each(['//a)', 'attr(timeout, "^0', 'kind(a, b, c', 'deps(//a; //b'])('%s: nothing', (query) => {
  expect(expectedAtEnd(query)).toBeUndefined();
});
