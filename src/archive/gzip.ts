/** One ordinary gzip member (RFC 1952) put together from segments that were compressed apart. */
import { crc32Combine } from './crc32-combine.ts';
import type { Segment } from './segment.ts';

/** Magic, deflate, no flags, no time, no extra flags, operating system unknown. */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
/** An empty deflate block that is marked as the last. */
const LAST_BLOCK = Buffer.from([0x03, 0x00]);

/** The bytes of a gzip file with the given segments, of `deflateCodec`, as its content. */
export async function* gzip(segments: AsyncIterable<Segment>): AsyncGenerator<Uint8Array, void, undefined> {
  yield HEADER;
  let crc = 0;
  let length = 0;
  for await (const segment of segments) {
    yield segment.bytes;
    crc = crc32Combine(crc, segment.note, segment.rawLength);
    length += segment.rawLength;
  }
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc, 0);
  trailer.writeUInt32LE(length % 2 ** 32, 4);
  yield LAST_BLOCK;
  yield trailer;
}

/** Segments whose format needs nothing around them (`zstdCodec`, `storedCodec`), in a row. */
export async function* joined(segments: AsyncIterable<Segment>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const segment of segments) yield segment.bytes;
}
