/** Folders of a FAT: short and long names. */
import { damagedFat, type FatType } from './volume.ts';

/** A file or folder. */
export interface FatEntry {
  /** The long name where there is one. */
  readonly name: string;
  readonly directory: boolean;
  /** Bytes; 0 for folders. */
  readonly size: number;
  /** First cluster; 0 for an empty file. */
  readonly cluster: number;
  /** `ATTRIBUTE`, and what has no name there: 1 read-only, 2 hidden, 4 system. */
  readonly attributes: number;
  /** The local time of who wrote it: `2020-01-31 12:00:30`. */
  readonly modified: string;
}

export const ENTRY_SIZE = 32;
export const ATTRIBUTE = { volume: 0x08, directory: 0x10, archive: 0x20, long: 0x0f } as const;
/** Where the 13 UTF-16 units of a long-name entry are. */
export const LONG_NAME_PARTS = [
  [1, 11],
  [14, 26],
  [28, 32],
] as const;

const FREE = 0xe5;
/** Stands for E5 at the start of a name, as E5 marks a free entry. */
const ESCAPED_E5 = '\x05';
const LAST = 0x40;

/** The entries of a folder's bytes, without `.`, `..` and the volume's label; those that cannot be are told. */
export function parseDirectory(
  bytes: Buffer,
  type: FatType,
  damaged: (name: string, error: unknown) => void,
): FatEntry[] {
  const entries: FatEntry[] = [];
  for (const { name, record } of directoryRecords(bytes)) {
    if (isLabel(record) || name === '.' || name === '..') continue;
    try {
      entries.push(toEntry(record, name, type));
    } catch (error) {
      damaged(name, error);
    }
  }
  return entries;
}

/** The label that a root folder's bytes give, or undefined. */
export function labelIn(bytes: Buffer): string | undefined {
  for (const { record } of directoryRecords(bytes))
    if (isLabel(record) && !isFolder(record)) return eightBit(record.subarray(0, 11)).trimEnd();
  return undefined;
}

/** The 32 bytes of every entry with its name: also of `.`, `..` and the volume's label. */
export function* directoryRecords(bytes: Buffer): Generator<{ readonly name: string; readonly record: Buffer }> {
  let long = new LongName();
  for (let at = 0; at + ENTRY_SIZE <= bytes.length; at += ENTRY_SIZE) {
    const entry = bytes.subarray(at, at + ENTRY_SIZE);
    if (entry[0] === 0) return;
    if (entry[0] === FREE) {
      long = new LongName();
    } else if ((entry.readUInt8(11) & 0x3f) === ATTRIBUTE.long) {
      long.add(entry);
    } else {
      const name = long.finish(entry) ?? shortName(entry);
      long = new LongName();
      yield { name, record: entry };
    }
  }
}

/** The checksum that ties long-name entries to their short one. */
export function shortNameChecksum(short: Uint8Array): number {
  return short.subarray(0, 11).reduce((sum, byte) => (((sum & 1) << 7) + (sum >> 1) + byte) & 0xff, 0);
}

/** Collects the entries of a long name, which stand last part first before the short entry. */
class LongName {
  #parts: string[] = [];
  #next = 0;
  #checksum = -1;

  add(entry: Buffer): void {
    const order = entry.readUInt8(0);
    if ((order & LAST) !== 0) {
      this.#parts = [];
      this.#next = order & 0x3f;
      this.#checksum = entry.readUInt8(13);
    }
    const fits = this.#next >= 1 && (order & 0x3f) === this.#next && entry.readUInt8(13) === this.#checksum;
    this.#next = fits ? this.#next - 1 : -1;
    this.#parts.unshift(LONG_NAME_PARTS.map(([from, to]) => entry.toString('utf16le', from, to)).join(''));
  }

  finish(short: Buffer): string | undefined {
    if (this.#next !== 0 || this.#parts.length === 0 || shortNameChecksum(short) !== this.#checksum) return undefined;
    return this.#parts.join('').replace(/\0.*$/s, '');
  }
}

/** Whether an entry is the volume's label. */
export function isLabel(record: Buffer): boolean {
  return (record.readUInt8(11) & ATTRIBUTE.volume) !== 0;
}

function isFolder(record: Buffer): boolean {
  return (record.readUInt8(11) & ATTRIBUTE.directory) !== 0;
}

/** What an entry's 32 bytes say. */
export function toEntry(entry: Buffer, name: string, type: FatType): FatEntry {
  if (name === '' || /[/\\\p{Cc}]/u.test(name)) damagedFat(`a file is named ${JSON.stringify(name)}`);
  const directory = isFolder(entry);
  // In FAT 12 and 16, OS/2 keeps something else where FAT 32 has the upper half.
  const upper = type === 32 ? entry.readUInt16LE(20) : 0;
  return {
    name,
    directory,
    size: directory ? 0 : entry.readUInt32LE(28),
    cluster: upper * 2 ** 16 + entry.readUInt16LE(26),
    attributes: entry.readUInt8(11),
    modified: dosTime(entry.readUInt16LE(24), entry.readUInt16LE(22)),
  };
}

function dosTime(date: number, time: number): string {
  const day = [1980 + (date >> 9), (date >> 5) & 0xf, date & 0x1f];
  const clock = [time >> 11, (time >> 5) & 0x3f, (time & 0x1f) * 2];
  const text = (numbers: readonly number[], by: string): string =>
    numbers.map((one) => String(one).padStart(2, '0')).join(by);
  return `${text(day, '-')} ${text(clock, ':')}`;
}

/** An 8.3 name; two bits of byte 12 tell which part is meant in lower case. */
function shortName(entry: Buffer): string {
  const flags = entry.readUInt8(12);
  const name = eightBit(entry.subarray(0, 11));
  const part = (from: number, to: number, lower: number) => {
    const text = name.slice(from, to).trimEnd();
    return (flags & lower) === 0 ? text : text.toLowerCase();
  };
  const base = part(0, 8, 0x08);
  const extension = part(8, 11, 0x10);
  return extension === '' ? base : `${base}.${extension}`;
}

/** The text of a short name or a label. */
function eightBit(bytes: Buffer): string {
  const text = bytes.toString('latin1');
  return text.startsWith(ESCAPED_E5) ? `\xe5${text.slice(1)}` : text;
}
