/** Segments kept by the digest of their content, for the next archive that has the same block. */
import { createCipheriv } from 'node:crypto';
import { closeSync, fstatSync, futimesSync, mkdirSync, openSync, readSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
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
 * An entry, all numbers u32, little-endian: magic, checksum of all that follows it, raw length, note, number of parts, the
 * length of each part; then the segment's bytes.
 */
const MAGIC = Buffer.from('dsmbseg3');
const CHECKSUM_SIZE = 16;
const NUMBERS_AT = MAGIC.length + CHECKSUM_SIZE;
const PARTS_AT = NUMBERS_AT + 12;

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
  const header = Buffer.alloc(PARTS_AT + 4 * parts.length);
  MAGIC.copy(header);
  const numbers = [rawLength, note, parts.length, ...parts];
  for (const [index, value] of numbers.entries()) header.writeUInt32LE(value, NUMBERS_AT + 4 * index);
  const entry = Buffer.concat([header, bytes]);
  checksum(entry.subarray(NUMBERS_AT)).copy(entry, MAGIC.length);
  return entry;
}

function decode(entry: Buffer): Segment | undefined {
  if (entry.length < PARTS_AT || !entry.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  if (!checksum(entry.subarray(NUMBERS_AT)).equals(entry.subarray(MAGIC.length, NUMBERS_AT))) return undefined;
  const [rawLength = 0, note = 0, count = 0] = [0, 4, 8].map((at) => entry.readUInt32LE(NUMBERS_AT + at));
  const parts = Array.from({ length: count }, (_, index) => entry.readUInt32LE(PARTS_AT + 4 * index));
  return { rawLength, note, parts, bytes: entry.subarray(PARTS_AT + 4 * count) };
}

/** GMAC, here without a secret: it finds what a disk has damaged as a CRC does, in a fifth of the time. */
function checksum(bytes: Uint8Array): Buffer {
  const tag = createCipheriv('aes-128-gcm', NO_KEY, NO_NONCE).setAAD(bytes);
  tag.final();
  return tag.getAuthTag();
}

const NO_KEY = Buffer.alloc(16);
const NO_NONCE = Buffer.alloc(12);
