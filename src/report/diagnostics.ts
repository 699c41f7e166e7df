/** Prints a diagnostic: code and message, the line with a squiggle, details, and the hint. */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { withoutMark } from '../model/byte-order-mark.ts';
import type { Diagnostic, Location } from '../model/diagnostic.ts';
import type { Palette } from './format.ts';
import { printable, printableLines } from './printable.ts';

export function formatDiagnostic(
  diagnostic: Diagnostic,
  { bold, red, yellow, dim, blue }: Palette,
  severity: 'error' | 'warning' = 'error',
): string {
  const tint = severity === 'error' ? red : yellow;
  const { code, message, detail, hint, location, related } = diagnostic;
  return [
    `${tint(bold(severity))} ${dim(printable(code))} ${printableLines(message)}`,
    ...(location ? [excerpt(location, dim, tint)] : []),
    ...(related ? [excerpt(related.location, dim, blue, related.message)] : []),
    ...(detail ? [indent(printableLines(detail))] : []),
    ...(hint && !isEmpty(hint, message) ? [`  ${blue('hint')}: ${printableLines(hint)}`] : []),
  ].join('\n');
}

/** What errors of the system are given helps where they name a file; many name none. */
function isEmpty(hint: string, message: string): boolean {
  return hint === 'check the file named above' && !message.includes('/');
}

function excerpt({ file, line, column }: Location, dim: Palette['dim'], tint: Palette['red'], what?: string): string {
  const place = `  ${printable(relative(process.cwd(), file))}:${line}:${column}`;
  const where = what === undefined ? place : `${place}: ${printableLines(what)}`;
  const text = lineOf(file, line);
  if (text === undefined) return where;
  const width = /^[\w$.]*/.exec(text.slice(column - 1))?.[0].length || 1;
  return `${where}\n    ${dim(printable(text))}\n    ${' '.repeat(column - 1)}${tint('~'.repeat(width))}`;
}

function lineOf(file: string, line: number): string | undefined {
  try {
    return withoutMark(readFileSync(file, 'utf8')).split('\n')[line - 1]?.replaceAll('\t', ' ');
  } catch {
    return undefined;
  }
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}
