/** The difference of two versions of a text that was changed in one place, as a unified diff. */

const CONTEXT = 3;

/** One hunk; empty for equal texts. Names stand in its head as `a/…` and `b/…`. */
export function textDiff(path: string, before: string, after: string): string {
  if (before === after) return '';
  const [old, now] = [linesOf(before), linesOf(after)];
  const shorter = Math.min(old.length, now.length);
  let head = 0;
  while (head < shorter && old[head] === now[head]) head++;
  let tail = 0;
  while (tail < shorter - head && old.at(-1 - tail) === now.at(-1 - tail)) tail++;
  const start = Math.max(0, head - CONTEXT);
  const end = Math.max(0, tail - CONTEXT);
  const range = (lines: readonly string[]): string => {
    const count = lines.length - end - start;
    return `${count === 0 ? start : start + 1},${count}`;
  };
  return [
    `--- a/${path}\n+++ b/${path}\n@@ -${range(old)} +${range(now)} @@\n`,
    ...old.slice(start, head).map((line) => marked(' ', line)),
    ...old.slice(head, old.length - tail).map((line) => marked('-', line)),
    ...now.slice(head, now.length - tail).map((line) => marked('+', line)),
    ...old.slice(old.length - tail, old.length - end).map((line) => marked(' ', line)),
  ].join('');
}

function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function marked(sign: string, line: string): string {
  return line.endsWith('\n') ? sign + line : `${sign}${line}\n\\ No newline at end of file\n`;
}
