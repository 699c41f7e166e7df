/** Pictures that a browser may be given: raster formats alone, of a size that a screen can show. */
import type { ByteSource } from '../../disk/index.ts';

const MOST_BYTES = 2 * 1024 * 1024;
const MOST_PIXELS = 4096;

interface Size {
  readonly width: number;
  readonly height: number;
}

/** The type of a picture whose first bytes say that it is one; undefined for all else, and what is too large. */
export function pictureType(source: ByteSource): string | undefined {
  if (source.size > MOST_BYTES || source.size < 32) return undefined;
  const bytes = source.read(0, source.size);
  for (const [type, sizeOf] of FORMATS) {
    const size = sizeOf(bytes);
    if (size) return fits(size) ? type : undefined;
  }
  return undefined;
}

const FORMATS: readonly (readonly [string, (bytes: Buffer) => Size | undefined])[] = [
  ['image/png', pngSize],
  ['image/gif', gifSize],
  ['image/jpeg', jpegSize],
];

function fits({ width, height }: Size): boolean {
  return width >= 1 && width <= MOST_PIXELS && height >= 1 && height <= MOST_PIXELS;
}

function pngSize(bytes: Buffer): Size | undefined {
  const isPng = bytes.toString('latin1', 0, 8) === '\x89PNG\r\n\x1a\n' && bytes.toString('latin1', 12, 16) === 'IHDR';
  return isPng ? { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) } : undefined;
}

function gifSize(bytes: Buffer): Size | undefined {
  if (!/^GIF8[79]a/.test(bytes.toString('latin1', 0, 6))) return undefined;
  return { width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8) };
}

/** The frame's header follows other segments, each with its length. */
function jpegSize(bytes: Buffer): Size | undefined {
  if (bytes.readUInt16BE(0) !== 0xffd8) return undefined;
  for (let at = 2; at + 9 <= bytes.length && bytes[at] === 0xff;) {
    const marker = bytes[at + 1]!;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) };
    at += 2 + bytes.readUInt16BE(at + 2);
  }
  return undefined;
}
