/** `SHA256SUMS` of a disk's folder: what `sha256sum --check` reads. The manifest stands last, so a cut list shows. */
import { fail } from '../model/diagnostic.ts';
import { CHECKSUMS, MANIFEST } from './format.ts';

/** SHA-256 in hexadecimal by path below the disk's folder. */
export type Checksums = ReadonlyMap<string, string>;

/** The text of the file. */
export function formatChecksums(checksums: Checksums): string {
  const blocks = [...checksums.keys()].filter((path) => path !== MANIFEST).sort();
  return [...blocks, MANIFEST].map((path) => `${checksums.get(path)}  ${path}\n`).join('');
}

/** Reads the text; a list that was cut or edited badly is a `DISK_DAMAGED` failure. */
export function parseChecksums(text: string): Checksums {
  const checksums = new Map<string, string>();
  for (const [index, line] of text.split('\n').slice(0, -1).entries()) {
    const [, hash, path] = /^([0-9a-f]{64}) {2}(\S+)$/.exec(line) ?? [];
    if (hash === undefined || path === undefined || checksums.has(path))
      return fail('DISK_DAMAGED', `${CHECKSUMS} is damaged in line ${index + 1}`, { detail: line.slice(0, 200) });
    checksums.set(path, hash);
  }
  if (!text.endsWith(`  ${MANIFEST}\n`)) fail('DISK_DAMAGED', `${CHECKSUMS} is cut: its last line is not ${MANIFEST}`);
  return checksums;
}
