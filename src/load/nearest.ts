/** "Did you mean": the known name that is nearest to an unknown one. */
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';

/** The nearest of the names by edit distance, if any is near enough to be meant; of equals one that has more of its letters. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  const written = name.toLowerCase();
  for (const candidate of known) {
    const meant = candidate.toLowerCase();
    const distance = editDistance(written, meant) + missing(written, meant) / (written.length + 1);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** The name of the file that was meant by a path where there is none, if one in its folder is near enough. */
export function nearestFile(path: string): string | undefined {
  const folder = dirname(path);
  return existsSync(folder) ? nearest(basename(path), readdirSync(folder)) : undefined;
}

/** How many letters of one word the other has not. */
function missing(word: string, other: string): number {
  const left = [...other];
  return [...word].filter((letter) => {
    const at = left.indexOf(letter);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  }).length;
}

/**
 * The distance of Damerau and Levenshtein: how many letters to add, to drop, to replace, or to swap with their neighbour.
 * In full, which alone makes it a distance: between two letters that are swapped others may be added or dropped (Lowrance
 * and Wagner, 1975).
 */
export function editDistance(a: string, b: string): number {
  const most = a.length + b.length;
  // A row and a column of `most` stand before those of the empty word.
  const rows = [Array.from({ length: b.length + 2 }, () => most), [most, ...range(b.length + 1)]];
  const lastRowOf = new Map<string, number>();
  for (let i = 1; i <= a.length; i++) {
    const row = [most, i];
    const above = rows[i]!;
    let lastColumn = 0;
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      const lastRow = lastRowOf.get(b[j - 1]!) ?? 0;
      const swapped = rows[lastRow]![lastColumn]! + (i - lastRow - 1) + 1 + (j - lastColumn - 1);
      row.push(Math.min(above[j]! + (isSame ? 0 : 1), above[j + 1]! + 1, row[j]! + 1, swapped));
      if (isSame) lastColumn = j;
    }
    rows.push(row);
    lastRowOf.set(a[i - 1]!, i);
  }
  return rows.at(-1)!.at(-1)!;
}

function range(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}
