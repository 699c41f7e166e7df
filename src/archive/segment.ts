/** Compressed segments: raw deflate that ends on a byte, so that segments put in a row are one deflate stream. */
import { promisify } from 'node:util';
import { constants, crc32, deflateRaw } from 'node:zlib';

const compress = promisify(deflateRaw);

/** A run of bytes, compressed on its own. */
export interface Segment {
  /** Bytes before compression. */
  readonly rawLength: number;
  /** CRC-32 of the bytes before compression. */
  readonly rawCrc: number;
  /** Deflate blocks, none of them marked as the last, ended by an empty stored block (Z_SYNC_FLUSH). */
  readonly deflated: Uint8Array;
}

/** All that changes the bytes of a segment besides its content; safe in a file's name. */
export function compressorName(level: number): string {
  return `deflate${level}-zlib${(process.versions['zlib'] ?? '').replaceAll(/[^\w.]/g, '_')}`;
}

/** Compresses a run of bytes in a thread of the pool. */
export async function deflateSegment(bytes: Uint8Array, level: number): Promise<Segment> {
  const deflated = await compress(bytes, { level, finishFlush: constants.Z_SYNC_FLUSH });
  return { rawLength: bytes.length, rawCrc: crc32(bytes), deflated };
}
