/** Codecs of formats whose frame needs little: raw deflate for gzip, zstd frames, and bytes as they are. */
import { promisify } from 'node:util';
import { constants, crc32, deflateRaw, zstdCompress } from 'node:zlib';
import { versionName, whole, type Codec } from './segment.ts';

const deflate = promisify(deflateRaw);
const zstd = promisify(zstdCompress);

/**
 * Deflate blocks, none of them marked as the last, that end on a byte (Z_SYNC_FLUSH): put in a row they are one deflate
 * stream. The note is the content's CRC-32. `level` is 1 to 9.
 */
export function deflateCodec(level: number): Codec {
  return {
    name: `deflate${level}-zlib${versionName(process.versions['zlib'])}`,
    encode: async (content) =>
      whole(content, await deflate(content, { level, finishFlush: constants.Z_SYNC_FLUSH }), crc32(content)),
  };
}

/** Zstandard frames (RFC 8878) with content size and checksum; frames in a row are a valid file. `level` is 1 to 19. */
export function zstdCodec(level: number): Codec {
  const params = { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 };
  return {
    name: `zstd${level}-${versionName(process.versions['zstd'])}`,
    encode: async (content) => whole(content, await zstd(content, { params, pledgedSrcSize: content.length })),
  };
}

/** Bytes as they are. */
export const storedCodec: Codec = {
  name: 'stored',
  encode: (content) => Promise.resolve(whole(content, Uint8Array.from(content))),
};
