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
  const records = new Records();
  for await (const { bytes, note, rawLength } of segments) {
    yield bytes;
    records.add(note, rawLength);
  }
  const index = records.index();
  yield index;
  const backward = Buffer.concat([u32(index.length / 4 - 1), FLAGS]);
  yield Buffer.concat([u32(crc32(backward)), backward, Buffer.from('YZ')]);
}

/** The sizes of all blocks, as the index has them: a few bytes a block, of which a large disk has very many. */
class Records {
  #count = 0;
  #bytes = Buffer.alloc(64 * 1024);
  #length = 0;

  add(unpadded: number, uncompressed: number): void {
    if (this.#length + 2 * MAX_VLI > this.#bytes.length)
      this.#bytes = Buffer.concat([this.#bytes, Buffer.alloc(this.#bytes.length)]);
    this.#length = writeVli(this.#bytes, writeVli(this.#bytes, this.#length, unpadded), uncompressed);
    this.#count++;
  }

  /** All of them, padded, with a CRC. */
  index(): Buffer {
    const head = Buffer.alloc(1 + MAX_VLI);
    const list = [head.subarray(0, writeVli(head, 1, this.#count)), this.#bytes.subarray(0, this.#length)];
    const length = list[0]!.length + this.#length;
    const padded = Buffer.concat([...list, Buffer.alloc(padding(length, 4))]);
    return Buffer.concat([padded, u32(crc32(padded))]);
  }
}

/** Bytes of the longest number that is written here. */
const MAX_VLI = 8;

/** Writes a number in groups of 7 bits, lowest first; the top bit says that more follow. Gives the place after it. */
function writeVli(bytes: Buffer, at: number, value: number): number {
  let [rest, end] = [value, at];
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes[end++] = (rest % 0x80) | 0x80;
  bytes[end++] = rest;
  return end;
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
