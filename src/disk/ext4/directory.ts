/** Folders of ext file systems, read one block after the other: the index of large ones hides in unused entries. */
import { damagedExt } from './volume.ts';

/** A name and the inode that it stands for. */
export interface DirectoryEntry {
  readonly name: string;
  readonly inode: number;
}

const HEADER = 8;

/** The entries of one block of a folder (or of one part of inline data), without `.` and `..`. */
export function* parseEntries(bytes: Buffer, hasFileTypes: boolean, what: string): Generator<DirectoryEntry> {
  for (let at = 0; at + HEADER <= bytes.length;) {
    const inode = bytes.readUInt32LE(at);
    const length = recordLength(bytes, at);
    const nameLength = hasFileTypes ? bytes.readUInt8(at + 6) : bytes.readUInt16LE(at + 6);
    if (length < HEADER || length % 4 !== 0 || at + length > bytes.length)
      damagedExt(`an entry of ${what} has ${length} bytes`);
    if (inode !== 0) {
      if (HEADER + nameLength > length) damagedExt(`a name in ${what} is longer than its entry`);
      const name = bytes.toString('utf8', at + HEADER, at + HEADER + nameLength);
      if (name === '' || /[/\0]/.test(name)) damagedExt(`a file in ${what} is named ${JSON.stringify(name)}`);
      if (name !== '.' && name !== '..') yield { name, inode };
    }
    at += length;
  }
}

/** Blocks of 64 KiB do not fit 16 bits: the two low bits, else always 0, hold bits 16 and 17. */
function recordLength(bytes: Buffer, at: number): number {
  const length = bytes.readUInt16LE(at + 4);
  if (bytes.length < 65_536) return length;
  if (length === 0 || length === 65_535) return 65_536;
  return (length & 0xfffc) | ((length & 3) << 16);
}
