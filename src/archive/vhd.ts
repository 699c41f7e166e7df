/** A fixed VHD (Microsoft: Virtual Hard Disk Image Format Specification 1.0): the raw disk, and a footer. */
import type { Segment } from './segment.ts';

const SECTOR = 512;
/** Times count from 2000. */
const SECONDS_TO_2000 = 946_684_800;
const FIXED = 2;

/** What the footer tells. */
export interface VhdFooter {
  /** Bytes of the disk, a multiple of 512; Azure wants whole MiB. */
  readonly size: number;
  /** Seconds since 1970. */
  readonly time: number;
  /** 16 bytes that name the disk. */
  readonly id: Uint8Array;
}

/** The bytes of an image: the segments, of `storedCodec`, then the footer, which is asked for at the end. */
export async function* vhd(
  segments: AsyncIterable<Segment>,
  footer: () => VhdFooter,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const segment of segments) yield segment.bytes;
  yield vhdFooter(footer());
}

function vhdFooter({ size, time, id }: VhdFooter): Buffer {
  const bytes = Buffer.alloc(SECTOR);
  bytes.write('conectix', 0, 'latin1');
  bytes.writeUInt32BE(2, 8);
  bytes.writeUInt32BE(0x0001_0000, 12);
  bytes.fill(0xff, 16, 24);
  bytes.writeUInt32BE(Math.max(0, time - SECONDS_TO_2000), 24);
  // With this creator readers take the size from the size field; with others from the geometry, which is rounded.
  bytes.write('win ', 28, 'latin1');
  bytes.writeUInt32BE(0x0006_0001, 32);
  bytes.write('Wi2k', 36, 'latin1');
  bytes.writeBigUInt64BE(BigInt(size), 40);
  bytes.writeBigUInt64BE(BigInt(size), 48);
  const { cylinders, heads, sectors } = geometry(size / SECTOR);
  bytes.writeUInt16BE(cylinders, 56);
  bytes[58] = heads;
  bytes[59] = sectors;
  bytes.writeUInt32BE(FIXED, 60);
  bytes.set(id.subarray(0, 16), 68);
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.writeUInt32BE(~sum >>> 0, 64);
  return bytes;
}

/** The calculation of the specification's appendix. */
function geometry(totalSectors: number): { cylinders: number; heads: number; sectors: number } {
  const total = Math.min(totalSectors, 65_535 * 16 * 255);
  const tracks = (sectors: number): number => Math.floor(total / sectors);
  const shape = (heads: number, sectors: number) => ({
    cylinders: Math.floor(tracks(sectors) / heads),
    heads,
    sectors,
  });
  if (total >= 65_535 * 16 * 63) return shape(16, 255);
  const heads = Math.max(4, Math.ceil(tracks(17) / 1024));
  if (tracks(17) < heads * 1024 && heads <= 16) return shape(heads, 17);
  return tracks(31) < 16 * 1024 ? shape(16, 31) : shape(16, 63);
}
