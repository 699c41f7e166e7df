/** Makes a unified diff that inserts lines into a text. */
import { splitLines } from './patch-parse.ts';

const CONTEXT = 3;

/** A patch (for `patch -p1`) that puts `added` before the line with this index (from 0) of the text. */
export function insertionPatch(path: string, text: string, index: number, added: readonly string[]): string {
  const lines = splitLines(text);
  const before = lines.slice(Math.max(0, index - CONTEXT), index);
  const after = lines.slice(index, index + CONTEXT);
  const start = index - before.length + 1;
  const old = before.length + after.length;
  return [
    `--- a/${path}\n+++ b/${path}\n`,
    `@@ -${start},${old} +${start},${old + added.length} @@\n`,
    ...before.map((line) => marked(' ', line)),
    ...added.map((line) => `+${line}\n`),
    ...after.map((line) => marked(' ', line)),
  ].join('');
}

function marked(sign: string, line: string): string {
  return line.endsWith('\n') ? sign + line : `${sign}${line}\n\\ No newline at end of file\n`;
}
