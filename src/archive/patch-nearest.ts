/** Where a hunk would nearly fit: the lines of a file that are most like the lines it looks for. */

/**
 * A report of the best-matching place: each line with its number, `=` where it is what the hunk expects, and the
 * expected line below it where it is not.
 */
export function nearestLines(name: string, lines: readonly string[], expected: readonly string[]): string {
  if (lines.length === 0) return `${name} is empty`;
  const start = bestStart(lines, expected);
  const width = String(Math.min(lines.length, start + expected.length)).length;
  const report = [`nearest lines of ${name} ('=': as the hunk expects):`];
  for (const [index, wanted] of expected.entries()) {
    const found = lines[start + index];
    const number = String(start + index + 1).padStart(width);
    const same = found === wanted;
    report.push(`${same ? '=' : ' '} ${number} | ${show(found)}`);
    if (!same) report.push(`  ${' '.repeat(width)} ? ${show(wanted)}   <- expected`);
  }
  return report.join('\n');
}

function bestStart(lines: readonly string[], expected: readonly string[]): number {
  let best = { start: 0, score: -1 };
  for (let start = 0; start < lines.length; start++) {
    let score = 0;
    for (const [index, wanted] of expected.entries()) score += likeness(lines[start + index], wanted);
    if (score > best.score) best = { start, score };
  }
  return best.start;
}

/** 0 to 1: the share of two lines that agrees from both ends, blanks at the ends aside. */
function likeness(found: string | undefined, wanted: string): number {
  if (found === undefined) return 0;
  if (found === wanted) return wanted.trim() === '' ? 0.1 : 1;
  const [a, b] = [found.trim(), wanted.trim()];
  const shorter = Math.min(a.length, b.length);
  if (shorter === 0) return 0;
  let head = 0;
  while (head < shorter && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < shorter - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  return (0.95 * (head + tail)) / Math.max(a.length, b.length);
}

function show(line: string | undefined): string {
  if (line === undefined) return '(end of the file)';
  return line.endsWith('\n') ? line.trimEnd() : `${line.trimEnd()} (no line end)`;
}
