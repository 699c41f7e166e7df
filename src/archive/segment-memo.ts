/** Segments kept by the digest of their content, for the next archive that has the same block. */
import { mkdirSync, readFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Segment } from './segment.ts';

/** A store of segments. What is not there, or damaged, is simply not found. */
export interface SegmentMemo {
  get(contentSha256: string, rawLength: number): Segment | undefined;
  put(contentSha256: string, segment: Segment): void;
}

/** An entry: magic, raw length, raw CRC, deflated length (u32, little-endian), CRC of all that, then the deflated bytes. */
const MAGIC = Buffer.from('dsmbseg1');
const HEADER_SIZE = 24;

/** Keeps segments in a folder; `compressor` names everything that shapes a segment besides its content. */
export function segmentMemo(folder: string, compressor: string): SegmentMemo {
  const pathOf = (sha256: string): string => join(folder, compressor, sha256.slice(0, 2), sha256);
  return {
    get(sha256, rawLength) {
      const entry = readIfThere(pathOf(sha256));
      const segment = entry && decode(entry);
      return segment?.rawLength === rawLength ? segment : undefined;
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
function readIfThere(path: string): Buffer | undefined {
  try {
    const entry = readFileSync(path);
    utimesSync(path, new Date(), new Date());
    return entry;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function encode(segment: Segment): Buffer {
  const header = Buffer.alloc(HEADER_SIZE);
  MAGIC.copy(header);
  header.writeUInt32LE(segment.rawLength, 8);
  header.writeUInt32LE(segment.rawCrc, 12);
  header.writeUInt32LE(segment.deflated.length, 16);
  header.writeUInt32LE(crc32(segment.deflated, crc32(header.subarray(0, 20))), 20);
  return Buffer.concat([header, segment.deflated]);
}

function decode(entry: Buffer): Segment | undefined {
  if (entry.length < HEADER_SIZE || !entry.subarray(0, 8).equals(MAGIC)) return undefined;
  const deflated = entry.subarray(HEADER_SIZE);
  const whole =
    deflated.length === entry.readUInt32LE(16) &&
    crc32(deflated, crc32(entry.subarray(0, 20))) === entry.readUInt32LE(20);
  return whole ? { rawLength: entry.readUInt32LE(8), rawCrc: entry.readUInt32LE(12), deflated } : undefined;
}
