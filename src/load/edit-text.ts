/** Texts of literals, and one replacement in a text. */

/** A part of a text, and what is to stand there. Offsets count UTF-16 units. */
export interface Replacement {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export function replaceIn(text: string, { start, end, text: by }: Replacement): string {
  return text.slice(0, start) + by + text.slice(end);
}

/** A string literal in the given quotes: `'`, `"` or a backtick. */
export function quoted(text: string, quote: string): string {
  // JSON escapes what no literal may have as it is; line and paragraph separators may stand in strings since ES2019.
  const escaped = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"');
  const plain = escaped.replaceAll(quote, `\\${quote}`);
  return quote + (quote === '`' ? plain.replaceAll('${', '\\${') : plain) + quote;
}

/** Plain data as it is written in TypeScript, on one line. */
export function literal(value: unknown, quote: string): string {
  if (typeof value === 'string') return quoted(value, quote);
  if (Array.isArray(value)) return `[${value.map((item) => literal(item, quote)).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).map(([key, item]) => `${propertyName(key, quote)}: ${literal(item, quote)}`);
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
}

function propertyName(name: string, quote: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name, quote);
}
