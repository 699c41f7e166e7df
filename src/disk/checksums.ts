/** `SHA256SUMS` of a disk's folder: what `sha256sum --check` reads. The manifest stands last, so a cut list shows. */
import { constants } from 'node:buffer';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../model/diagnostic.ts';
import { CHECKSUMS, MANIFEST } from './format.ts';

/** SHA-256 in hexadecimal by path below the disk's folder. */
export type Checksums = ReadonlyMap<string, string>;

/** The list of a disk's folder; undefined where it has none. */
export function readChecksums(folder: string): Checksums | undefined {
  const path = join(folder, CHECKSUMS);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) return undefined;
  if (!stats.isFile()) fail('DISK_DAMAGED', `${path} is not a file`);
  if (stats.size > constants.MAX_STRING_LENGTH)
    fail('DISK_DAMAGED', `${path} has ${stats.size} bytes, more than can be read`);
  return parseChecksums(readFileSync(path, 'latin1'));
}

/** The text of the file. */
export function formatChecksums(checksums: Checksums): string {
  const blocks = [...checksums.keys()].filter((path) => path !== MANIFEST).sort();
  return [...blocks, MANIFEST].map((path) => `${checksums.get(path)}  ${path}\n`).join('');
}

/** Reads the text; a list that was cut or edited badly is a `DISK_DAMAGED` failure. */
export function parseChecksums(text: string): Checksums {
  const checksums = new Map<string, string>();
  let number = 0;
  for (const line of linesOf(text)) {
    number++;
    const [, hash, path] = /^([0-9a-f]{64}) {2}(\S+)$/.exec(line) ?? [];
    if (hash === undefined || path === undefined || checksums.has(path))
      return fail('DISK_DAMAGED', `${CHECKSUMS} is damaged in line ${number}`, { detail: line.slice(0, 200) });
    checksums.set(path, hash);
  }
  if (!text.endsWith(`  ${MANIFEST}\n`)) fail('DISK_DAMAGED', `${CHECKSUMS} is cut: its last line is not ${MANIFEST}`);
  return checksums;
}

/** Without what follows the last line feed. The file may be anybody's: one line after the other is in memory. */
function* linesOf(text: string): Generator<string> {
  for (let start = 0, end = text.indexOf('\n'); end >= 0; start = end + 1, end = text.indexOf('\n', start))
    yield text.slice(start, end);
}
