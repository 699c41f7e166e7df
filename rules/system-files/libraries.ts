/** Which libraries a program is linked against: the entries DT_NEEDED, and its loader (System V ABI, chapter 5). */
import { elfSection } from 'dsmb/archive';
import { basename } from 'node:path';

const ENTRY_BYTES = 16;
const DT_NULL = 0;
const DT_NEEDED = 1;

/** File names of the libraries that an ELF file names; none for a static program. `name` is for messages. */
export function neededLibraries(file: Buffer, name: string): string[] {
  const loader = elfSection(file, '.interp', name);
  const entries = elfSection(file, '.dynamic', name) ?? Buffer.alloc(0);
  const names = elfSection(file, '.dynstr', name) ?? Buffer.alloc(0);
  const needed = loader ? [basename(textAt(loader, 0))] : [];
  for (let at = 0; at + ENTRY_BYTES <= entries.length; at += ENTRY_BYTES) {
    const tag = Number(entries.readBigUInt64LE(at));
    if (tag === DT_NULL) break;
    if (tag === DT_NEEDED) needed.push(basename(textAt(names, Number(entries.readBigUInt64LE(at + 8)))));
  }
  return [...new Set(needed)];
}

function textAt(bytes: Buffer, start: number): string {
  const end = bytes.indexOf(0, start);
  return bytes.toString('latin1', start, end < 0 ? bytes.length : end);
}
