/** Another UUID for an array, in the superblock of a member and in the bitmap behind it (Linux, `md_p.h`, `md-bitmap.h`). */
import { mdChecksum, type MdSuperblock } from './md.ts';
import type { ByteSource } from './source.ts';

/** Bytes to write at a place of the member. */
export interface MdWrite {
  readonly at: number;
  readonly bytes: Buffer;
}

/** What a version keeps where. */
interface Layout {
  readonly length: (superblock: Buffer) => number;
  readonly checksum: number;
  readonly setUuid: (superblock: Buffer, uuid: Buffer) => void;
  /** Bytes from the superblock to its bitmap, where it has one. */
  readonly bitmap: (superblock: Buffer) => number | undefined;
  /** As the bitmap has the UUID. */
  readonly inBitmap: (uuid: Buffer) => Buffer;
}

const SIZE = 4096;
const SECTOR = 512;

const VERSION_0: Layout = {
  length: () => SIZE,
  checksum: 38 * 4,
  setUuid: (superblock, uuid) => {
    for (const [index, word] of [5, 13, 14, 15].entries())
      superblock.writeUInt32LE(uuid.readUInt32BE(index * 4), word * 4);
  },
  bitmap: (superblock) => ((superblock.readUInt32LE(33 * 4) & (1 << 8)) === 0 ? undefined : SIZE),
  inBitmap: (uuid) => Buffer.from(uuid).swap32(),
};

const VERSION_1: Layout = {
  length: (superblock) => 256 + 2 * superblock.readUInt32LE(220),
  checksum: 216,
  setUuid: (superblock, uuid) => superblock.set(uuid, 16),
  bitmap: (superblock) => ((superblock.readUInt32LE(8) & 1) === 0 ? undefined : superblock.readInt32LE(96) * SECTOR),
  inBitmap: (uuid) => uuid,
};

const BITMAP_MAGIC = 'bitm';
const BITMAP_UUID = 8;

/** What to write to give an array another UUID, as mdadm shows it: `6e0c9f0a:7b1d4c5e:9a8b7c6d:5e4f3a2b`. */
export function withMdUuid(member: ByteSource, { version, at }: MdSuperblock, uuid: string): MdWrite[] {
  const layout = version === '0.90' ? VERSION_0 : VERSION_1;
  const bytes = member.read(at, SIZE);
  const superblock = bytes.subarray(0, layout.length(bytes));
  const raw = Buffer.from(uuid.replaceAll(':', ''), 'hex');
  layout.setUuid(superblock, raw);
  superblock.writeUInt32LE(mdChecksum(superblock, layout.checksum), layout.checksum);
  const writes = [{ at, bytes: superblock }];
  const offset = layout.bitmap(superblock);
  if (offset !== undefined && member.read(at + offset, BITMAP_MAGIC.length).toString('latin1') === BITMAP_MAGIC)
    writes.push({ at: at + offset + BITMAP_UUID, bytes: layout.inBitmap(raw) });
  return writes;
}
