/** The serial console as text that can be waited for. */
import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** What to wait for: a literal text or a regular expression. */
export type Pattern = string | RegExp;

/** The pattern that was found, by the name it was given, and its match. */
export interface ConsoleMatch<Name extends string = string> {
  readonly name: Name;
  /** The matched text, then the groups of the expression. */
  readonly groups: readonly string[];
}

/** Characters kept in memory; the whole console is in the log file. */
const KEPT = 1024 * 1024;

/** Carriage returns and the terminal's control sequences (ECMA-48); the second finds one that is cut off. */
const CONTROLS = /\r|\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[^[]/g;
const UNFINISHED = /\x1b(\[[0-9;?]*[ -/]*)?$/;

/**
 * Collects the console. Each wait scans from where the last one ended, so that a text is found once, in order, however
 * early it came.
 */
export class Console extends EventEmitter<{ text: [added: string] }> {
  readonly #stream: Duplex;
  readonly #decoder = new StringDecoder('utf8');
  #text = '';
  #held = '';
  #cursor = 0;

  constructor(stream: Duplex) {
    super();
    this.#stream = stream;
    stream.on('error', () => {});
    stream.on('data', (bytes: Buffer) => this.#append(this.#decoder.write(bytes)));
  }

  /** All that is kept, without the terminal's control sequences. */
  get text(): string {
    return this.#text;
  }

  /** The last lines that are not empty. */
  tail(lines = 20): string {
    return this.#text
      .split('\n')
      .map((line) => line.trimEnd())
      .filter((line) => line !== '')
      .slice(-lines)
      .join('\n');
  }

  /** The last few thousand characters, for a look that costs little. */
  latest(): string {
    return this.#text.slice(-16_384);
  }

  /** Types on the console. */
  send(text: string): void {
    this.#stream.write(text);
  }

  /** The earliest match behind the cursor, which moves behind it. */
  scan<Name extends string>(patterns: Readonly<Record<Name, Pattern>>): ConsoleMatch<Name> | undefined {
    const rest = this.#text.slice(this.#cursor);
    const found = (Object.entries<Pattern>(patterns) as [Name, Pattern][])
      .map(([name, pattern]) => ({ name, ...find(rest, pattern) }))
      .filter(({ index }) => index >= 0);
    const first = found.sort((a, b) => a.index - b.index)[0];
    if (!first) return undefined;
    this.#cursor += first.index + (first.groups[0] ?? '').length;
    return { name: first.name, groups: first.groups };
  }

  /** Resolves with the first pattern that appears; rejects when the signal aborts. */
  async waitFor<Name extends string>(
    patterns: Readonly<Record<Name, Pattern>>,
    signal: AbortSignal,
  ): Promise<ConsoleMatch<Name>> {
    const { promise, resolve, reject } = Promise.withResolvers<ConsoleMatch<Name>>();
    const look = (): void => {
      const found = this.scan(patterns);
      if (found) resolve(found);
    };
    const stop = (): void => reject(signal.reason);
    this.on('text', look);
    signal.addEventListener('abort', stop);
    try {
      look();
      return await promise;
    } finally {
      this.off('text', look);
      signal.removeEventListener('abort', stop);
    }
  }

  #append(bytes: string): void {
    const text = this.#held + bytes;
    const whole = text.length - (text.match(UNFINISHED)?.[0].length ?? 0);
    this.#held = text.slice(whole);
    const added = text.slice(0, whole).replaceAll(CONTROLS, '');
    this.#text += added;
    const excess = this.#text.length - KEPT;
    if (excess > KEPT) {
      this.#text = this.#text.slice(excess);
      this.#cursor = Math.max(0, this.#cursor - excess);
    }
    this.emit('text', added);
  }
}

function find(text: string, pattern: Pattern): { index: number; groups: readonly string[] } {
  if (typeof pattern === 'string') return { index: text.indexOf(pattern), groups: [pattern] };
  const match = text.match(pattern);
  return { index: match?.index ?? -1, groups: match ? [...match].map((group) => group ?? '') : [] };
}
