/** What may stand at the end of a query that is not finished, for completion. */
import { FUNCTIONS, OPERATORS, type Argument, type FunctionName } from './parse.ts';
import { tokens, type Token } from './tokens.ts';

export interface Expected {
  /** What is whole. */
  readonly before: string;
  /** A part of a query's argument; `function` is the one whose argument it is. */
  readonly what: Argument['type'] | 'operator';
  readonly function: FunctionName | undefined;
  /** What closes or goes on behind the word, as far as there is no choice: `,` or `)`. */
  readonly after: string;
}

/** An open parenthesis: of a function and which argument it has come to, of a set, or of neither. */
interface Open {
  readonly of: FunctionName | 'set' | undefined;
  argument: number;
}

const WORD_AT_END = /(?:[\w/.:*$@~][\w/.:*$@~-]*)?$/;

/** Undefined where the query is wrong already, or in a quoted text. */
export function expectedAtEnd(query: string): Expected | undefined {
  const before = query.slice(0, WORD_AT_END.exec(query)!.index);
  const words = tokensOf(before);
  const open = words && openAfter(words);
  if (!words || !open) return undefined;
  const inner = open.at(-1);
  const rest = { before, function: inner?.of === 'set' ? undefined : inner?.of };
  if (inner?.of !== 'set' && endsTerm(words.at(-1))) return { ...rest, what: 'operator', after: ' ' };
  const what = expectedArgument(inner);
  return what && { ...rest, what, after: afterWord(open) };
}

function tokensOf(text: string): Token[] | undefined {
  try {
    return tokens(text).slice(0, -1);
  } catch {
    return undefined;
  }
}

/** The parentheses that are open; undefined when one is closed that was not. */
function openAfter(words: readonly Token[]): Open[] | undefined {
  const open: Open[] = [];
  for (const [index, { type, text }] of words.entries()) {
    if (type !== 'symbol') continue;
    if (text === '(') open.push({ of: calledBy(words[index - 1]), argument: 0 });
    const inner = open.at(-1);
    if (text === ',' && inner) inner.argument++;
    if (text === ')' && !open.pop()) return undefined;
  }
  return open;
}

function calledBy(token: Token | undefined): Open['of'] {
  if (token?.type !== 'word') return undefined;
  return token.text === 'set' || Object.hasOwn(FUNCTIONS, token.text)
    ? (token.text as FunctionName | 'set')
    : undefined;
}

/** Behind a term stands an operator. */
function endsTerm(token: Token | undefined): boolean {
  if (!token) return false;
  return token.type === 'symbol' ? token.text === ')' : !Object.hasOwn(OPERATORS, token.text);
}

function expectedArgument(inner: Open | undefined): Argument['type'] | undefined {
  if (!inner?.of || inner.of === 'set') return 'expression';
  const { takes, ...more } = FUNCTIONS[inner.of];
  return takes[inner.argument] ?? ('optional' in more ? more.optional : undefined);
}

/** Functions whose last argument it is are closed, from the inside. */
function afterWord(open: readonly Open[]): string {
  let text = '';
  for (const { of, argument } of open.toReversed()) {
    if (of === undefined || of === 'set') return text;
    if (argument < FUNCTIONS[of].takes.length - 1) return `${text},`;
    text += ')';
  }
  return text;
}
