/**
 * Lines at the end of a terminal that are drawn again and again, below lines that stay. Nothing of the terminal's state
 * is changed (the cursor stays visible, lines wrap), so that even a kill leaves it as it was.
 */
import { stripVTControlCharacters } from 'node:util';
import { widthOf } from './width.ts';

/** Terminals that know it show what is between at once; others ignore it. */
const BEGIN = '\x1b[?2026h';
const END = '\x1b[?2026l';
const CLEAR_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

/** What a block needs of a stream. */
export type Terminal = Pick<NodeJS.WriteStream, 'columns' | 'write'>;

export class LiveBlock {
  readonly #terminal: Terminal;
  /** Widths of the lines that are drawn now. */
  #drawn: readonly number[] = [];
  #text = '';
  #above: string[] = [];

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Adds a line that stays, above the block; it is shown with the next drawing. */
  print(line: string): void {
    this.#above.push(line);
  }

  /** Draws the block anew, if it or the lines above it changed, in one write. */
  draw(lines: readonly string[]): void {
    const text = lines.join('\n');
    if (text === this.#text && this.#above.length === 0) return;
    const above = this.#above.flatMap((line) => line.split('\n'));
    const body = [...above, ...lines].map((line) => `${this.#clearFor(line)}${line}\n`).join('');
    this.#terminal.write(`${BEGIN}${this.#toTop()}${body}${this.#drawn.length > 0 ? CLEAR_BELOW : ''}${END}`);
    this.#drawn = lines.map(widthOfPainted);
    this.#text = text;
    this.#above = [];
  }

  /** What was drawn at a line's place goes just before it is written: less is to be seen of that than of clearing all. */
  #clearFor(line: string): string {
    if (this.#drawn.length === 0) return '';
    return widthOfPainted(line) > this.#columns ? CLEAR_BELOW : CLEAR_LINE;
  }

  /** To the block's first line. A terminal that got narrower has broken its lines into several. */
  #toTop(): string {
    const rows = this.#drawn.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / this.#columns)), 0);
    return rows > 0 ? `\r\x1b[${rows}A` : '';
  }

  get #columns(): number {
    return this.#terminal.columns || 80;
  }
}

function widthOfPainted(line: string): number {
  return widthOf(stripVTControlCharacters(line));
}
