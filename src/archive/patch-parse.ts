/** Unified diffs, as `diff -u` writes and patch(1) reads them: text to data. */
import { fail } from '../step/index.ts';

/** One line of a hunk; the text keeps its line end, so that a missing one at the end of a file is told apart. */
export interface HunkLine {
  readonly sign: ' ' | '+' | '-';
  readonly text: string;
}

/** A run of changes with the lines around them. Line numbers count from 1. */
export interface Hunk {
  readonly oldStart: number;
  readonly newStart: number;
  readonly lines: readonly HunkLine[];
  /** The hunk as written in the patch, for messages. */
  readonly source: string;
  /** Line of the patch that the hunk starts on. */
  readonly patchLine: number;
}

/** The changes to one file. A patch may name the same file several times: they apply one after the other. */
export interface FilePatch {
  /** Paths as written, for example `a/linuxrc.syno`; `/dev/null` for a file that does not exist. */
  readonly oldPath: string;
  readonly newPath: string;
  readonly hunks: readonly Hunk[];
}

const HUNK_HEAD = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/;

/** Splits after each `\n`; the last line may lack one. */
export function splitLines(text: string): string[] {
  return text === '' ? [] : text.split(/(?<=\n)/);
}

/** Reads a patch. What stands between the files (`diff -ruN …`, comments) is passed over, as patch(1) does. */
export function parsePatch(text: string): FilePatch[] {
  const lines = splitLines(text);
  const files: FilePatch[] = [];
  for (let at = 0; at < lines.length;) {
    if (!isFileHead(lines, at)) {
      if (HUNK_HEAD.test(lines[at] ?? '')) malformed(at, 'a hunk without the name of its file');
      at++;
      continue;
    }
    const hunks: Hunk[] = [];
    const file = { oldPath: pathOf(lines[at]), newPath: pathOf(lines[at + 1]), hunks };
    at += 2;
    while (HUNK_HEAD.test(lines[at] ?? '')) {
      const { hunk, end } = parseHunk(lines, at);
      hunks.push(hunk);
      at = end;
    }
    if (hunks.length === 0) malformed(at, `no hunk follows the name ${file.newPath}`);
    files.push(file);
  }
  return files;
}

function isFileHead(lines: readonly string[], at: number): boolean {
  return (lines[at]?.startsWith('--- ') ?? false) && (lines[at + 1]?.startsWith('+++ ') ?? false);
}

/** `--- a/path<TAB>time`: the path. */
function pathOf(line = ''): string {
  return line.slice(4).split('\t')[0]?.trim() ?? '';
}

function parseHunk(lines: readonly string[], start: number): { hunk: Hunk; end: number } {
  const [, oldStart, oldCount = '1', newStart, newCount = '1'] = HUNK_HEAD.exec(lines[start] ?? '') ?? [];
  const found: HunkLine[] = [];
  let [old, added] = [Number(oldCount), Number(newCount)];
  let at = start + 1;
  while (old > 0 || added > 0) {
    const line = parseLine(lines[at], at);
    if (line.sign !== '+') old--;
    if (line.sign !== '-') added--;
    if (old < 0 || added < 0) malformed(at, 'the hunk has more lines than its head says');
    at++;
    if (lines[at]?.startsWith('\\')) {
      found.push({ sign: line.sign, text: line.text.replace(/\n$/, '') });
      at++;
    } else found.push(line);
  }
  return {
    hunk: {
      oldStart: Number(oldStart),
      newStart: Number(newStart),
      lines: found,
      source: lines.slice(start, at).join(''),
      patchLine: start + 1,
    },
    end: at,
  };
}

function parseLine(line: string | undefined, at: number): HunkLine {
  const sign = line?.[0];
  if (line !== undefined && (sign === ' ' || sign === '+' || sign === '-')) return { sign, text: line.slice(1) };
  // Editors strip the blank of an empty context line; patch(1) accepts that.
  if (line === '\n') return { sign: ' ', text: '\n' };
  return malformed(at, line === undefined ? 'the patch ends inside a hunk' : `not a line of a hunk: ${line.trimEnd()}`);
}

function malformed(index: number, message: string): never {
  fail('PATCH_MALFORMED', `patch, line ${index + 1}: ${message}`);
}
