/** Errors of queries point at their place. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../model/diagnostic.ts';
import { parseQuery } from './parse.ts';

function errorOf(query: string): string {
  try {
    parseQuery(query, (name) => (name === 'dep' ? 'deps' : undefined));
    return '';
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { message, detail = '', hint } = error.diagnostic;
    return `${message} @${detail.split('\n')[1]!.indexOf('^')} ${hint}`;
  }
}

describe('a query that is wrong', () => {
  it.each([
    ['deps(//a', `')' is expected @8 dsmb query --help`],
    ['dep(//a)', `there is no function 'dep' @0 did you mean deps(…)?`],
    ['//a //b', `'//b' follows a complete query @4 dsmb query --help`],
    ['//a + ', 'a target or a function is missing at the end @6 dsmb query --help'],
    ['deps(//a, x)', `'x' is not a number of steps @10 dsmb query --help`],
    ['kind("(", //a)', 'Invalid regular expression: /(/u: Unterminated group @5 dsmb query --help'],
    ['somepath(//a)', `',' is expected before ')' @12 dsmb query --help`],
    ['//a & //b', 'this is not part of a query @4 dsmb query --help'],
    ['union //a', `'union' stands between two sets @0 dsmb query --help`],
    ['', 'a target or a function is missing at the end @0 dsmb query --help'],
  ])('%s', (query, expected) => expect(errorOf(query)).toBe(expected));

  it('fails as such, whatever it is', () => {
    fc.assert(fc.property(fc.string(), (text) => void errorOf(text)));
  });
});

it('takes labels with dashes, quoted words and patterns', () => {
  expect(parseQuery('//my-pkg/...')).toMatchObject({ type: 'word', text: '//my-pkg/...' });
  expect(parseQuery('"union"')).toMatchObject({ type: 'word', text: 'union' });
  expect(parseQuery('deps(//p:x, 2)')).toMatchObject({ args: [{ type: 'expression' }, { type: 'depth', value: 2 }] });
});
