/** Another UUID for an array, in the superblock of a member and in the bitmap behind it (Linux, `md_p.h`, `md-bitmap.h`). */
import { fail } from '../model/diagnostic.ts';
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
  /** What the array's content takes of a member, in bytes. */
  readonly contentSize: (superblock: Buffer) => number;
  readonly activeMembers: (superblock: Buffer) => number;
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
  contentSize: (superblock) => superblock.readUInt32LE(8 * 4) * 1024,
  activeMembers: (superblock) => superblock.readUInt32LE(34 * 4),
};

const VERSION_1: Layout = {
  length: (superblock) => 256 + 2 * superblock.readUInt32LE(220),
  checksum: 216,
  setUuid: (superblock, uuid) => superblock.set(uuid, 16),
  bitmap: (superblock) => ((superblock.readUInt32LE(8) & 1) === 0 ? undefined : superblock.readInt32LE(96) * SECTOR),
  inBitmap: (uuid) => uuid,
  contentSize: (superblock) => Number(superblock.readBigUInt64LE(80)) * SECTOR,
  // Behind the header there is a role for each member: its place in the array, or that it has none.
  activeMembers: (superblock) => {
    const members = superblock.readUInt32LE(92);
    const roles = new Set<number>();
    for (let at = 256; at < superblock.length; at += 2) roles.add(superblock.readUInt16LE(at));
    return [...roles].filter((role) => role < members).length;
  },
};

const BITMAP_MAGIC = 'bitm';
const BITMAP_UUID = 8;
const UUID_SIZE = 16;

/** How many members of an array are in use, as one of them knows. */
export function activeMdMembers(member: ByteSource, found: MdSuperblock): number {
  const { layout, superblock } = superblockOf(member, found);
  return layout.activeMembers(superblock);
}

/**
 * What to write to give an array another UUID, as mdadm shows it: `6e0c9f0a:7b1d4c5e:9a8b7c6d:5e4f3a2b`. `what`: the member,
 * for messages. Fails with MD_SUPERBLOCK where the bitmap cannot be where the superblock has it.
 */
export function withMdUuid(member: ByteSource, found: MdSuperblock, uuid: string, what: string): MdWrite[] {
  const { layout, superblock } = superblockOf(member, found);
  const { at } = found;
  const raw = Buffer.from(uuid.replaceAll(':', ''), 'hex');
  layout.setUuid(superblock, raw);
  superblock.writeUInt32LE(mdChecksum(superblock, layout.checksum), layout.checksum);
  const writes = [{ at, bytes: superblock }];
  const offset = layout.bitmap(superblock);
  if (offset === undefined) return writes;
  const bitmap = { from: at + offset, end: at + offset + BITMAP_UUID + UUID_SIZE };
  const content = { from: found.data.offset, end: found.data.offset + layout.contentSize(superblock) };
  const own = { from: at, end: at + superblock.length };
  if (bitmap.from < 0 || bitmap.end > member.size || overlap(bitmap, content) || overlap(bitmap, own))
    fail('MD_SUPERBLOCK', `the md superblock of ${what} is damaged: its bitmap cannot be at byte ${bitmap.from}`);
  if (member.read(bitmap.from, BITMAP_MAGIC.length).toString('latin1') === BITMAP_MAGIC)
    writes.push({ at: bitmap.from + BITMAP_UUID, bytes: layout.inBitmap(raw) });
  return writes;
}

function superblockOf(member: ByteSource, { version, at }: MdSuperblock): { layout: Layout; superblock: Buffer } {
  const layout = version === '0.90' ? VERSION_0 : VERSION_1;
  const bytes = member.read(at, SIZE);
  return { layout, superblock: bytes.subarray(0, layout.length(bytes)) };
}

interface Stretch {
  readonly from: number;
  readonly end: number;
}

function overlap(one: Stretch, other: Stretch): boolean {
  return one.from < other.end && other.from < one.end;
}
