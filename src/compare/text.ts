/** Text files: the lines that differ. */
import { isUtf8 } from 'node:buffer';
import type { ByteSource } from '../disk/index.ts';
import type { Comparer, Finding, Pair } from './finding.ts';
import { quote } from './show.ts';

const MAX_TEXT = 4 * 1024 * 1024;
const SHOWN_LINES = 3;

export const textComparer: Comparer = {
  name: 'text',
  recognises(source: ByteSource): boolean {
    if (source.size === 0 || source.size > MAX_TEXT) return false;
    const bytes = source.read(0, source.size);
    return isUtf8(bytes) && !bytes.some(isControl);
  },
  *compare({ before, after }: Pair): Generator<Finding> {
    const [old, now] = [linesOf(before), linesOf(after)];
    let start = 0;
    while (start < old.length && start < now.length && old[start] === now[start]) start++;
    let end = 0;
    while (end < Math.min(old.length, now.length) - start && old.at(-1 - end) === now.at(-1 - end)) end++;
    const [removed, added] = [old.slice(start, old.length - end), now.slice(start, now.length - end)];
    let shown = 0;
    for (let index = 0; index < Math.max(removed.length, added.length) && shown < SHOWN_LINES; index++) {
      if (removed[index] === added[index]) continue;
      shown++;
      yield {
        at: [],
        what: `line ${start + index + 1}`,
        before: lineText(removed[index]),
        after: lineText(added[index]),
      };
    }
  },
};

/** Other than tab, line feed, form feed, carriage return and escape, which texts and logs have. */
function isControl(byte: number): boolean {
  return byte < 0x20 && byte !== 9 && byte !== 10 && byte !== 12 && byte !== 13 && byte !== 27;
}

function linesOf(source: ByteSource): string[] {
  return source.read(0, source.size).toString().split('\n');
}

function lineText(line: string | undefined): string {
  return line === undefined ? 'no line' : quote(line);
}
