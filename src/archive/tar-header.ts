/** Headers of GNU tar's own format ("oldgnu"; tar manual, "Basic Tar Format"), for large and for sparse files. */
import { fail } from '../step/index.ts';

/** Headers and bodies are multiples of this. */
export const TAR_BLOCK = 512;
/** Archives are multiples of this: 20 blocks, one record. */
export const TAR_RECORD = 10_240;

/** A run of data in a sparse file, in bytes. */
export interface Extent {
  readonly offset: number;
  readonly length: number;
}

/** A file as the archive describes it. */
export interface TarFile {
  /** At most 99 bytes. */
  readonly name: string;
  /** Bytes of the file with its holes. */
  readonly size: number;
  /** Seconds since 1970. */
  readonly mtime: number;
}

const SPARSE_IN_HEADER = 4;
const SPARSE_IN_EXTENSION = 21;
const EXTENT_SIZE = 24;

/** Header of a file whose bytes are all there. */
export function plainHeader(file: TarFile): Buffer {
  return sealed(basicHeader(file, '0', file.size));
}

/** Header of a sparse file and the header blocks that go on with its map. */
export function sparseHeader(file: TarFile, extents: readonly Extent[]): Buffer {
  const last = extents.at(-1);
  // A hole at the end is told by an empty extent there.
  const map =
    last && last.offset + last.length === file.size ? extents : [...extents, { offset: file.size, length: 0 }];
  const header = basicHeader(
    file,
    'S',
    extents.reduce((sum, extent) => sum + extent.length, 0),
  );
  writeExtents(header, 386, map.slice(0, SPARSE_IN_HEADER));
  header[482] = map.length > SPARSE_IN_HEADER ? 1 : 0;
  writeNumber(header, 483, 12, file.size);
  return Buffer.concat([sealed(header), ...extensions(map.slice(SPARSE_IN_HEADER))]);
}

function extensions(map: readonly Extent[]): Buffer[] {
  const blocks: Buffer[] = [];
  for (let at = 0; at < map.length; at += SPARSE_IN_EXTENSION) {
    const block = Buffer.alloc(TAR_BLOCK);
    writeExtents(block, 0, map.slice(at, at + SPARSE_IN_EXTENSION));
    block[504] = at + SPARSE_IN_EXTENSION < map.length ? 1 : 0;
    blocks.push(block);
  }
  return blocks;
}

function basicHeader(file: TarFile, type: '0' | 'S', stored: number): Buffer {
  if (Buffer.byteLength(file.name) > 99) fail('BAD_TAR_NAME', `'${file.name}' is longer than 99 bytes`);
  const header = Buffer.alloc(TAR_BLOCK);
  header.write(file.name, 0);
  writeNumber(header, 100, 8, 0o644);
  writeNumber(header, 108, 8, 0);
  writeNumber(header, 116, 8, 0);
  writeNumber(header, 124, 12, stored);
  writeNumber(header, 136, 12, file.mtime);
  header.write(type, 156);
  header.write('ustar  \0', 257, 'latin1');
  header.write('root', 265);
  header.write('root', 297);
  return header;
}

function writeExtents(block: Buffer, start: number, extents: readonly Extent[]): void {
  for (const [index, extent] of extents.entries()) {
    writeNumber(block, start + index * EXTENT_SIZE, 12, extent.offset);
    writeNumber(block, start + index * EXTENT_SIZE + 12, 12, extent.length);
  }
}

/** Octal digits and a NUL; where they do not suffice, GNU's base 256: a set top bit, then the number, big-endian. */
function writeNumber(block: Buffer, at: number, width: number, value: number): void {
  if (value < 8 ** (width - 1)) block.write(value.toString(8).padStart(width - 1, '0'), at, 'latin1');
  else {
    block[at] = 0x80;
    block.writeBigUInt64BE(BigInt(value), at + width - 8);
  }
}

/** Puts the checksum in: the sum of all bytes, with blanks in its own place. */
function sealed(header: Buffer): Buffer {
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}
