/** Small files and folders that live in their inode: 60 bytes, and the rest in the attribute `system.data`. */
import { damagedExt, type Inode } from './volume.ts';

const ATTRIBUTE_MAGIC = 0xea020000;
const ENTRY_HEADER = 16;
const SYSTEM_INDEX = 7;
const NAME = 'data';

/** Both parts; a folder's entries never reach from one into the other. */
export function inlineParts(inode: Inode): readonly [head: Buffer, tail: Buffer] {
  return [inode.content, attribute(inode)];
}

/** A small file's content. */
export function inlineContent(inode: Inode): Buffer {
  const bytes = Buffer.concat([...inlineParts(inode)]);
  if (inode.size > bytes.length) damagedExt(`inode ${inode.number} holds fewer than ${inode.size} bytes`);
  return bytes.subarray(0, inode.size);
}

function attribute({ number, rest }: Inode): Buffer {
  const start = rest.length >= 2 ? rest.readUInt16LE(0) : 0;
  const bytes = rest.subarray(start);
  if (bytes.length < 4 || bytes.readUInt32LE(0) !== ATTRIBUTE_MAGIC) return Buffer.alloc(0);
  const entries = bytes.subarray(4);
  for (let at = 0; at + ENTRY_HEADER <= entries.length && entries.readUInt32LE(at) !== 0;) {
    const nameLength = entries.readUInt8(at);
    const name = entries.toString('latin1', at + ENTRY_HEADER, at + ENTRY_HEADER + nameLength);
    if (entries.readUInt8(at + 1) === SYSTEM_INDEX && name === NAME) return value(entries, at, number);
    at += ENTRY_HEADER + Math.ceil(nameLength / 4) * 4;
  }
  return Buffer.alloc(0);
}

function value(entries: Buffer, at: number, inode: number): Buffer {
  const offset = entries.readUInt16LE(at + 2);
  const size = entries.readUInt32LE(at + 8);
  if (offset + size > entries.length) damagedExt(`the inline data of inode ${inode} reaches out of it`);
  return entries.subarray(offset, offset + size);
}
