/** The words of a query. */
import { fail } from '../../model/diagnostic.ts';

export interface Token {
  /** A quoted word is never an operator or a function. */
  readonly type: 'word' | 'quoted' | 'symbol' | 'end';
  readonly text: string;
  /** From 0. */
  readonly position: number;
}

const TOKEN = /\s*(?:(?<symbol>[(),+^-])|"(?<double>[^"]*)"|'(?<single>[^']*)'|(?<word>[\w/.:*$@~][\w/.:*$@~-]*))/y;

/** Splits a query. A word may have a `-` inside: write blanks around the operator. */
export function tokens(query: string): Token[] {
  const found: Token[] = [];
  TOKEN.lastIndex = 0;
  while (query.slice(TOKEN.lastIndex).trim() !== '') {
    const start = TOKEN.lastIndex;
    const match = TOKEN.exec(query);
    if (!match) badQuery(query, start + query.slice(start).search(/\S/), 'this is not part of a query');
    const { symbol, word, double, single } = match.groups!;
    const text = symbol ?? word ?? double ?? single ?? '';
    const quoted = double !== undefined || single !== undefined;
    const position = TOKEN.lastIndex - text.length - (quoted ? 2 : 0);
    found.push({ type: symbol === undefined ? (quoted ? 'quoted' : 'word') : 'symbol', text, position });
  }
  return [...found, { type: 'end', text: '', position: query.length }];
}

/** An error that points into the query. */
export function badQuery(query: string, position: number, message: string, hint = 'dsmb query --help'): never {
  return fail('BAD_QUERY', message, { detail: `${query}\n${' '.repeat(position)}^`, hint });
}
