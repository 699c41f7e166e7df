/**
 * The one way to standard output and standard error. Whatever is printed goes through here, so that names, logs and
 * messages of others are shown and do not command the terminal. Only what is handed over whole, by `dsmb run` and `dsmb
 * shell`, goes by another way.
 */
import { Transform } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { hasColours } from './format.ts';
import { printableInColours, printableJson, printableLines } from './printable.ts';

/** What text is printed on. */
export type Paper = Pick<NodeJS.WriteStream, 'write' | 'isTTY'>;

/** Text as it may be written to a stream: with dsmb's colours, where the stream has any. */
export function safeFor(text: string, out: Paper): string {
  return hasColours(out) ? printableInColours(text) : printableLines(text);
}

/** Text that has its line breaks. */
export function printText(text: string, out: Paper = process.stdout): void {
  out.write(safeFor(text, out));
}

/** A line, or several. */
export function printLine(text: string, out: Paper = process.stdout): void {
  printText(`${text}\n`, out);
}

/** A line on a terminal that a program may hold: a line feed then leads to the next line but not to its beginning. */
export function printBesideProgram(text: string, out: Paper): void {
  printText(`${text}\n`, out);
  if (out.isTTY) out.write('\r');
}

/** A value for programs, on standard output. */
export function printJson(value: unknown, replacer?: (this: unknown, key: string, value: unknown) => unknown): void {
  process.stdout.write(`${printableJson(value, 2, replacer)}\n`);
}

/** A list for programs, one item after the other: it may be longer than memory. */
export function printJsonItems(items: Iterable<unknown>): void {
  let before = '[';
  for (const item of items) {
    process.stdout.write(`${before}\n${printableJson(item, 2).replace(/^/gm, '  ')}`);
    before = ',';
  }
  process.stdout.write(before === '[' ? '[]\n' : '\n]\n');
}

/** Makes the bytes of a file text for a terminal. */
export function forTerminal(): Transform {
  const decoder = new StringDecoder();
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => done(null, printableLines(decoder.write(chunk))),
    flush: (done) => done(null, printableLines(decoder.end())),
  });
}
