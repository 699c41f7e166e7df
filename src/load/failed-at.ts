/** Where a build file, or a module that it imports, went wrong while it was loaded. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Location } from '../model/diagnostic.ts';

/**
 * Where a module is imported that is not there, where one does not parse, or where the build file was when something
 * threw; undefined where Node's error does not tell. `file`: the build file.
 */
export function failedAt(file: string, error: Error): Location | undefined {
  return importPosition(error.message) ?? parsePosition(error.stack ?? '') ?? stackPosition(file, error.stack ?? '');
}

/** Where a module is imported that is not there: Node names it and its importer. */
function importPosition(message: string): Location | undefined {
  const [, wanted = '', file = ''] =
    /^Cannot find (?:module|package) '([^']+)' imported from (\/.+)$/.exec(message) ?? [];
  if (file === '') return undefined;
  return importPlace(file, (specifier) => specifier === wanted || isPath(specifier, file, wanted));
}

/** Where in a module a specifier stands; undefined where that is not found, or where the module cannot be read. */
export function importPlace(file: string, isWanted: (specifier: string) => boolean): Location | undefined {
  const text = textOf(file);
  for (const { 2: specifier = '', index } of text.matchAll(/(['"])([^'"\n]+)\1/g)) {
    if (!isWanted(specifier)) continue;
    const before = text.slice(0, index).split('\n');
    if (/^\s*(\/\/|\/?\*)/.test(before.at(-1)!)) continue; // In a comment.
    return { file, line: before.length, column: before.at(-1)!.length + 1 };
  }
  return undefined;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function isPath(specifier: string, importer: string, wanted: string): boolean {
  const path = wanted.startsWith('file:') ? fileURLToPath(wanted) : wanted;
  return specifier.startsWith('.') && resolve(dirname(importer), specifier) === path;
}

/** Node puts before the stack of a syntax error: `<file>:<line>`, lines of the file, and a caret under the last one. */
function parsePosition(stack: string): Location | undefined {
  const [, file, line, indent = ''] = /^(?:file:\/\/)?(\/[^\n]*):(\d+)\n[^]*?\n( *)\^/.exec(stack) ?? [];
  return file === undefined ? undefined : { file, line: Number(line), column: indent.length + 1 };
}

function stackPosition(file: string, stack: string): Location | undefined {
  const found = new RegExp(`${RegExp.escape(file)}:(\\d+)(?::(\\d+))?`).exec(stack);
  return found ? { file, line: Number(found[1]), column: Number(found[2] ?? 1) } : undefined;
}
