/** One xz stream (xz file format 1.2) put together from blocks that were compressed apart. */
import { crc32 } from 'node:zlib';
import { padding } from './cpio-format.ts';
import type { Segment } from './segment.ts';

/** Bytes of a stream's header, and of its footer. */
export const STREAM_HEADER_SIZE = 12;
/** Of both: blocks carry a CRC-32, which every reader knows. */
const FLAGS = Buffer.from([0, 1]);
/** Magic, flags, CRC of the flags. */
export const STREAM_HEADER = Buffer.concat([Buffer.from('\xfd7zXZ\0', 'latin1'), FLAGS, u32(crc32(FLAGS))]);

/** The bytes of an .xz file with the given segments, of `xzCodec`, as its content. */
export async function* xz(segments: AsyncIterable<Segment>): AsyncGenerator<Uint8Array, void, undefined> {
  yield STREAM_HEADER;
  const records: Buffer[] = [];
  for await (const { bytes, note, rawLength } of segments) {
    yield bytes;
    records.push(Buffer.concat([vli(note), vli(rawLength)]));
  }
  const index = indexOf(records);
  yield index;
  const backward = Buffer.concat([u32(index.length / 4 - 1), FLAGS]);
  yield Buffer.concat([u32(crc32(backward)), backward, Buffer.from('YZ')]);
}

/** Sizes of all blocks, padded, with a CRC. */
function indexOf(records: readonly Buffer[]): Buffer {
  const list = Buffer.concat([Buffer.from([0]), vli(records.length), ...records]);
  const padded = Buffer.concat([list, Buffer.alloc(padding(list.length, 4))]);
  return Buffer.concat([padded, u32(crc32(padded))]);
}

/** A number in groups of 7 bits, lowest first; the top bit says that more follow. */
function vli(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Buffer.from([...bytes, rest]);
}

/** Reads such a number, of 32 bits at most; gives it and the place after it. */
export function readVli(bytes: Uint8Array, at: number): [value: number, next: number] {
  let value = 0;
  for (let index = 0; index < 5; index++) {
    const byte = bytes[at + index] ?? 0;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return [value, at + index + 1];
  }
  return [Number.NaN, at];
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
