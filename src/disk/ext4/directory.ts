/** Folders of ext file systems, read one block after the other: the index of large ones hides in unused entries. */
import { fail } from '../../model/diagnostic.ts';
import type { ByteSource } from '../source.ts';
import { blockMap } from './block-map.ts';
import { contentOf } from './content.ts';
import { inlineParts } from './inline-data.ts';
import { damagedExt, INODE_FLAG, type ExtGeometry, type Inode } from './volume.ts';

/** A name and the inode that it stands for. */
export interface DirectoryEntry {
  readonly name: string;
  readonly inode: number;
}

const HEADER = 8;
const MAX_DIRECTORY = 1024 ** 3;
/** A folder is kept whole while it is looked at, which takes some 200 bytes for each. */
const MAX_ENTRIES = 2 ** 21;

/** The entries of a folder, without `.` and `..`. `what` names it in failures. */
export function* folderEntries(
  source: ByteSource,
  geometry: ExtGeometry,
  inode: Inode,
  what: string,
): Generator<DirectoryEntry> {
  let count = 0;
  for (const block of folderBlocks(source, geometry, inode, what))
    for (const entry of parseEntries(block, geometry.hasFileTypes, what)) {
      if (++count > MAX_ENTRIES) fail('EXT4_UNSUPPORTED', `${what} has more than ${MAX_ENTRIES} entries`);
      yield entry;
    }
}

function* folderBlocks(source: ByteSource, geometry: ExtGeometry, inode: Inode, what: string): Generator<Buffer> {
  if ((inode.flags & INODE_FLAG.inlineData) !== 0) {
    const [head, tail] = inlineParts(inode);
    yield head.subarray(4); // first the parent's inode
    yield tail;
    return;
  }
  const { blockSize } = geometry;
  if (inode.size % blockSize !== 0 || inode.size > MAX_DIRECTORY) damagedExt(`${what} has ${inode.size} bytes`);
  const bytes = contentOf(source, geometry, inode, what);
  const map = blockMap(source, geometry, inode);
  const seen = new Set<number>();
  for (let at = 0; at < inode.size; at += blockSize) {
    const { physical } = map(at / blockSize);
    if (physical === undefined || seen.has(physical)) damagedExt(`${what} has a hole, or a block twice`);
    seen.add(physical);
    yield bytes.read(at, blockSize);
  }
}

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
