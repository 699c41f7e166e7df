/** Segments kept by the digest of their content, for the next archive that has the same block. */
import { closeSync, fstatSync, futimesSync, mkdirSync, openSync, readSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Segment } from './segment.ts';

/** Gives a buffer of at least so many bytes. */
export type Take = (length: number) => Buffer<ArrayBuffer>;

/** A store of segments. What is not there, or damaged, is simply not found. */
export interface SegmentMemo {
  /** A kept segment; its bytes lie in a buffer of `take`. */
  readonly get: (
    contentSha256: string,
    rawLength: number,
    take: Take,
  ) => { readonly segment: Segment; readonly buffer: ReturnType<Take> } | undefined;
  readonly put: (contentSha256: string, segment: Segment) => void;
}

/**
 * An entry, all numbers u32, little-endian: magic, raw length, note, number of parts, CRC of the entry without magic and
 * this field, the length of each part; then the segment's bytes.
 */
const MAGIC = Buffer.from('dsmbseg2');
const HEADER_SIZE = 24;
const CRC_AT = 20;

/** Keeps the segments of a codec in a folder. */
export function segmentMemo(folder: string, codec: string): SegmentMemo {
  const pathOf = (sha256: string): string => join(folder, codec, sha256.slice(0, 2), sha256);
  return {
    get(sha256, rawLength, take) {
      const read = readIfThere(pathOf(sha256), take);
      if (!read) return undefined;
      const segment = decode(read.entry);
      return segment?.rawLength === rawLength ? { segment, buffer: read.buffer } : undefined;
    },
    put(sha256, segment) {
      const path = pathOf(sha256);
      const temporary = `${path}.${process.pid}-${Math.random().toString(36).slice(2)}`;
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(temporary, encode(segment), { flag: 'wx' });
      renameSync(temporary, path);
    },
  };
}

/** Reads an entry and sets its time, so that whoever bounds the folder can drop what nobody asks for. */
function readIfThere(path: string, take: Take): { entry: Buffer; buffer: ReturnType<Take> } | undefined {
  const file = openIfThere(path);
  if (file === undefined) return undefined;
  try {
    const buffer = take(fstatSync(file).size);
    const length = readSync(file, buffer);
    const now = Date.now() / 1000;
    futimesSync(file, now, now);
    return { entry: buffer.subarray(0, length), buffer };
  } finally {
    closeSync(file);
  }
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function encode({ rawLength, note, parts, bytes }: Segment): Buffer {
  const header = Buffer.alloc(HEADER_SIZE + 4 * parts.length);
  MAGIC.copy(header);
  for (const [index, value] of [rawLength, note, parts.length].entries()) header.writeUInt32LE(value, 8 + 4 * index);
  for (const [index, length] of parts.entries()) header.writeUInt32LE(length, HEADER_SIZE + 4 * index);
  const entry = Buffer.concat([header, bytes]);
  entry.writeUInt32LE(checksum(entry), CRC_AT);
  return entry;
}

function decode(entry: Buffer): Segment | undefined {
  if (entry.length < HEADER_SIZE || !entry.subarray(0, 8).equals(MAGIC)) return undefined;
  if (checksum(entry) !== entry.readUInt32LE(CRC_AT)) return undefined;
  const count = entry.readUInt32LE(16);
  const parts = Array.from({ length: count }, (_, index) => entry.readUInt32LE(HEADER_SIZE + 4 * index));
  const bytes = entry.subarray(HEADER_SIZE + 4 * count);
  return { rawLength: entry.readUInt32LE(8), note: entry.readUInt32LE(12), parts, bytes };
}

/** Of everything but the magic and the checksum itself. */
function checksum(entry: Buffer): number {
  return crc32(entry.subarray(CRC_AT + 4), crc32(entry.subarray(8, CRC_AT)));
}
