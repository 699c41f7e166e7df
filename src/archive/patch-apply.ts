/** Applies a unified diff the way GNU patch does: at the line it names, else nearest to it, with fuzz 0 to 2. */
import { fail } from '../step/index.ts';
import { nearestLines } from './patch-nearest.ts';
import { splitLines, type FilePatch, type Hunk } from './patch-parse.ts';

/** Where a hunk went: its line, how far that is from the line it names, and how much context was ignored. */
export interface Placement {
  readonly line: number;
  readonly offset: number;
  readonly fuzz: number;
}

/** The patched text, and where each hunk went. */
export interface Patched {
  readonly text: string;
  readonly placements: readonly Placement[];
}

/** What patch(1) allows by default. */
const MAX_FUZZ = 2;

/** Applies the hunks of one file, in order. Fails with PATCH_DOES_NOT_APPLY, the hunk and the nearest lines. */
export function applyFilePatch(text: string, patch: FilePatch, maxFuzz = MAX_FUZZ): Patched {
  const lines = splitLines(text);
  const output: string[] = [];
  const placements: Placement[] = [];
  let copied = 0;
  let drift = 0;
  for (const [index, hunk] of patch.hunks.entries()) {
    const after = { first: index === 0, frozen: copied, drift };
    const found = locate(lines, hunk, after, maxFuzz) ?? doesNotApply(lines, patch, index);
    const changed = upToLastChange(hunk);
    output.push(...lines.slice(copied, found.line - 1), ...replaced(lines, changed, found.line - 1));
    copied = found.line - 1 + oldLines(changed).length;
    drift += found.offset;
    placements.push(found);
  }
  output.push(...lines.slice(copied));
  return { text: output.join(''), placements };
}

/** Applies all parts of a patch that change `path` (compared after taking `strip` leading folders off, like `-p`). */
export function applyPatches(text: string, patches: readonly FilePatch[], path: string, strip = 1): string {
  let result = text;
  for (const patch of patches) if (patchedPath(patch, strip) === path) result = applyFilePatch(result, patch).text;
  return result;
}

/** The file that a patch changes, with `strip` leading folders taken off. */
export function patchedPath(patch: FilePatch, strip = 1): string {
  const path = patch.newPath === '/dev/null' ? patch.oldPath : patch.newPath;
  return path.split('/').slice(strip).join('/');
}

/** What the hunks before have come to. */
interface Before {
  /** No hunk came before. */
  readonly first: boolean;
  /** Lines at the top that they have settled. */
  readonly frozen: number;
  /** How far they stood from where they should have. */
  readonly drift: number;
}

/**
 * The search of GNU patch 2.7, for one fuzz after the other. Like it, gives up at the first hunk where the lines that
 * the hunk would leave behind fit better than the ones it looks for: the patch is applied already.
 */
function locate(lines: readonly string[], hunk: Hunk, before: Before, maxFuzz: number): Placement | undefined {
  for (let fuzz = 0; fuzz <= Math.min(maxFuzz, contextOf(hunk).most); fuzz++) {
    const found = locateWith(lines, hunk, before, fuzz);
    if (found) return found;
    if (before.first && locateWith(lines, reversed(hunk), before, fuzz)) return undefined;
  }
  return undefined;
}

function locateWith(
  lines: readonly string[],
  hunk: Hunk,
  { frozen, drift }: Before,
  fuzz: number,
): Placement | undefined {
  const pattern = oldLines(hunk);
  // A hunk without old lines stands after the line that it names.
  if (pattern.length === 0) {
    const line = hunk.oldStart + drift + 1;
    return line - 1 <= lines.length ? { line, offset: 0, fuzz } : undefined;
  }
  const guess = hunk.oldStart + drift;
  const offset = search(lines, hunk, { pattern, guess, frozen, ...ignored(contextOf(hunk), fuzz) });
  return offset === undefined ? undefined : { line: guess + offset, offset, fuzz };
}

/** The hunk that takes this one back. */
function reversed(hunk: Hunk): Hunk {
  const opposite = { ' ': ' ', '+': '-', '-': '+' } as const;
  const lines = hunk.lines.map(({ sign, text }) => ({ sign: opposite[sign], text }));
  return { ...hunk, lines, oldStart: hunk.newStart, newStart: hunk.oldStart };
}

interface Search {
  readonly pattern: readonly string[];
  /** Line, from 1, where the hunk should be. */
  readonly guess: number;
  /** Lines at the top that earlier hunks have settled. */
  readonly frozen: number;
  /** Context lines to ignore at either end; negative: the hunk must touch that end of the file. */
  readonly head: number;
  readonly tail: number;
}

function search(lines: readonly string[], hunk: Hunk, how: Search): number | undefined {
  const { pattern, guess, frozen } = how;
  const [head, tail] = [Math.max(0, how.head), Math.max(0, how.tail)];
  const matches = (offset: number): boolean => matchesAt(lines, pattern, guess + offset - 1, head, tail);
  const last = lines.length - (pattern.length - tail) + 1;
  if (how.head < 0 && hunk.oldStart <= 1) {
    if (how.tail < 0 && pattern.length !== lines.length) return undefined;
    return frozen === 0 && 1 <= last && matches(1 - guess) ? 1 - guess : undefined;
  }
  if (how.tail < 0) {
    const line = lines.length - pattern.length + 1;
    return line > frozen && matches(line - guess) ? line - guess : undefined;
  }
  const lowest = Math.max(1, frozen + 1);
  for (let offset = 0; guess + offset <= last || guess - offset >= lowest; offset++) {
    if (guess + offset <= last && guess + offset >= lowest && matches(offset)) return offset;
    if (offset > 0 && guess - offset >= lowest && guess - offset <= last && matches(-offset)) return -offset;
  }
  return undefined;
}

function matchesAt(lines: readonly string[], pattern: readonly string[], at: number, head: number, tail: number) {
  for (let index = head; index < pattern.length - tail; index++) if (lines[at + index] !== pattern[index]) return false;
  return true;
}

/** Context lines before the first and after the last change. */
function contextOf(hunk: Hunk): { before: number; after: number; most: number } {
  const before = hunk.lines.findIndex((line) => line.sign !== ' ');
  const after = hunk.lines.length - 1 - hunk.lines.findLastIndex((line) => line.sign !== ' ');
  return { before, after, most: Math.max(before, after) };
}

/** Fuzz eats the longer context first: a shorter one means that the hunk stands at an end of the file. */
function ignored(context: ReturnType<typeof contextOf>, fuzz: number): { head: number; tail: number } {
  return { head: fuzz + context.before - context.most, tail: fuzz + context.after - context.most };
}

/** Without the context at the end: patch(1) leaves these lines to the next hunk, which may stand among them. */
function upToLastChange(hunk: Hunk): Hunk {
  return { ...hunk, lines: hunk.lines.slice(0, hunk.lines.length - contextOf(hunk).after) };
}

function oldLines(hunk: Hunk): string[] {
  return hunk.lines.filter((line) => line.sign !== '+').map((line) => line.text);
}

/** The new lines; context is the file's own, which fuzz lets differ from the hunk's. */
function replaced(lines: readonly string[], hunk: Hunk, start: number): string[] {
  const output: string[] = [];
  let at = start;
  for (const line of hunk.lines) {
    if (line.sign === '+') output.push(line.text);
    else if (line.sign === '-') at++;
    else output.push(lines[at++] ?? '');
  }
  return output;
}

function doesNotApply(lines: readonly string[], patch: FilePatch, index: number): never {
  const hunk = patch.hunks[index];
  const name = patchedPath(patch);
  if (!hunk) throw new TypeError('no such hunk');
  fail('PATCH_DOES_NOT_APPLY', `hunk ${index + 1} of ${patch.hunks.length} for ${name} does not apply`, {
    detail: [
      `the hunk (line ${hunk.patchLine} of the patch):`,
      hunk.source.trimEnd(),
      '',
      nearestLines(name, lines, oldLines(hunk)),
    ].join('\n'),
    hint: 'the patch was made for another version of this file: take the patch and the loader from the same release',
  });
}
