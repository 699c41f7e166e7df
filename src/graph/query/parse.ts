/**
 * The grammar of queries. Operators have one precedence and group to the left.
 *
 *     expression = term { ( "+" | "union" | "-" | "except" | "^" | "intersect" ) term }
 *     term       = word | "(" expression ")" | "set" "(" { word } ")" | function "(" argument { "," argument } ")"
 */
import { badQuery, tokens, type Token } from './tokens.ts';

export type Operator = 'union' | 'except' | 'intersect';

export type Expression =
  /** A label, a pattern `//...`, a parameter or a source file. */
  | { readonly type: 'word'; readonly text: string; readonly position: number }
  | { readonly type: 'set'; readonly members: readonly Expression[] }
  | { readonly type: 'operation'; readonly operator: Operator; readonly left: Expression; readonly right: Expression }
  | {
      readonly type: 'call';
      readonly name: FunctionName;
      readonly args: readonly Argument[];
      readonly position: number;
    };

/** An argument in the form that its function asks for. */
export type Argument =
  | { readonly type: 'expression'; readonly value: Expression }
  | { readonly type: 'depth'; readonly value: number }
  | { readonly type: 'text'; readonly value: string; readonly position: number }
  | { readonly type: 'pattern'; readonly value: RegExp; readonly position: number };

type Shape = readonly Argument['type'][];

/** The functions, and what they take; `optional` may be left out. */
export const FUNCTIONS = {
  deps: { takes: ['expression'], optional: 'depth' },
  rdeps: { takes: ['expression', 'expression'], optional: 'depth' },
  allpaths: { takes: ['expression', 'expression'] },
  somepath: { takes: ['expression', 'expression'] },
  kind: { takes: ['pattern', 'expression'] },
  attr: { takes: ['text', 'pattern', 'expression'] },
  filter: { takes: ['pattern', 'expression'] },
  tests: { takes: ['expression'] },
} as const satisfies Readonly<Record<string, { readonly takes: Shape; readonly optional?: Argument['type'] }>>;

export type FunctionName = keyof typeof FUNCTIONS;

export const OPERATORS: Readonly<Record<string, Operator>> = {
  '+': 'union',
  '-': 'except',
  '^': 'intersect',
  union: 'union',
  except: 'except',
  intersect: 'intersect',
};

/** Finds the name that is meant by an unknown one. */
export type Suggest = (name: string, known: readonly string[]) => string | undefined;

/** Parses a query. Errors point at the place. */
export function parseQuery(query: string, suggest: Suggest = () => undefined): Expression {
  return new Parser(query, suggest).whole();
}

class Parser {
  readonly #query: string;
  readonly #tokens: readonly Token[];
  readonly #suggest: Suggest;
  #next = 0;

  constructor(query: string, suggest: Suggest) {
    this.#query = query;
    this.#suggest = suggest;
    this.#tokens = tokens(query);
  }

  whole(): Expression {
    const expression = this.#expression();
    const { type, text } = this.#peek();
    if (type !== 'end') this.#fail(`'${text}' follows a complete query`);
    return expression;
  }

  #expression(): Expression {
    let left = this.#term();
    for (;;) {
      const { type, text } = this.#peek();
      const operator = type !== 'quoted' && Object.hasOwn(OPERATORS, text) ? OPERATORS[text] : undefined;
      if (!operator) return left;
      this.#next++;
      left = { type: 'operation', operator, left, right: this.#term() };
    }
  }

  #term(): Expression {
    const { type, text, position } = this.#peek();
    if (type === 'symbol' && text === '(') {
      this.#next++;
      const inner = this.#expression();
      this.#expect(')');
      return inner;
    }
    if (type !== 'word' && type !== 'quoted')
      this.#fail(`a target or a function is missing${type === 'end' ? ' at the end' : ''}`);
    this.#next++;
    if (type === 'word' && this.#isSymbol('(')) return text === 'set' ? this.#set() : this.#call(text, position);
    if (type === 'word' && Object.hasOwn(OPERATORS, text)) this.#fail(`'${text}' stands between two sets`, position);
    return { type: 'word', text, position };
  }

  #set(): Expression {
    this.#expect('(');
    const members: Expression[] = [];
    while (!this.#isSymbol(')')) {
      const { type, text, position } = this.#peek();
      if (type !== 'word' && type !== 'quoted') this.#fail('set(…) takes targets separated by spaces');
      members.push({ type: 'word', text, position });
      this.#next++;
    }
    this.#expect(')');
    return { type: 'set', members };
  }

  #call(name: string, position: number): Expression {
    if (!Object.hasOwn(FUNCTIONS, name)) {
      const close = this.#suggest(name, Object.keys(FUNCTIONS));
      this.#fail(`there is no function '${name}'`, position, close && `did you mean ${close}(…)?`);
    }
    const { takes, optional } = FUNCTIONS[name as FunctionName] as { takes: Shape; optional?: Argument['type'] };
    this.#expect('(');
    const args: Argument[] = [];
    for (const [index, shape] of takes.entries()) {
      if (index > 0) this.#expect(',');
      args.push(this.#argument(shape));
    }
    if (optional && this.#isSymbol(',')) {
      this.#expect(',');
      args.push(this.#argument(optional));
    }
    this.#expect(')');
    return { type: 'call', name: name as FunctionName, args, position };
  }

  #argument(type: Argument['type']): Argument {
    if (type === 'expression') return { type, value: this.#expression() };
    const { type: found, text, position } = this.#peek();
    if (found !== 'word' && found !== 'quoted')
      this.#fail(type === 'depth' ? 'a number is missing' : 'a text is missing');
    this.#next++;
    if (type === 'text') return { type, value: text, position };
    if (type === 'pattern') return { type, value: this.#pattern(text, position), position };
    if (!/^\d{1,9}$/.test(text)) this.#fail(`'${text}' is not a number of steps`, position);
    return { type: 'depth', value: Number(text) };
  }

  #pattern(text: string, position: number): RegExp {
    try {
      return new RegExp(text, 'u');
    } catch (error) {
      return this.#fail((error as Error).message, position);
    }
  }

  #peek(): Token {
    return this.#tokens[this.#next]!;
  }

  #isSymbol(text: string): boolean {
    const token = this.#peek();
    return token.type === 'symbol' && token.text === text;
  }

  #expect(symbol: string): void {
    const { type, text } = this.#peek();
    if (!this.#isSymbol(symbol)) this.#fail(`'${symbol}' is expected${type === 'end' ? '' : ` before '${text}'`}`);
    this.#next++;
  }

  #fail(message: string, position = this.#peek().position, hint?: string): never {
    return badQuery(this.#query, position, message, hint);
  }
}
