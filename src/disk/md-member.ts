/** The bytes of a mirrored array as one of its members holds them. */
import type { MdSuperblock } from './md.ts';
import { SECTOR } from './mbr.ts';
import { sliceSource, type ByteSource } from './source.ts';

const RESERVED_0 = 64 * 1024;
const OFFSET_1 = 4096;
const MIRROR = 1;

/** The array's content, where each member has all of it (RAID 1); otherwise undefined. */
export function memberContent(partition: ByteSource, { version, level }: MdSuperblock): ByteSource | undefined {
  if (level !== MIRROR) return undefined;
  if (version === '0.90') {
    // Data first, the superblock in the last 64 KiB that are aligned.
    return sliceSource(partition, 0, partition.size - (partition.size % RESERVED_0) - RESERVED_0, 'the array');
  }
  const superblock = partition.read(OFFSET_1, 256);
  const offset = Number(superblock.readBigUInt64LE(128)) * SECTOR;
  const size = Number(superblock.readBigUInt64LE(136)) * SECTOR;
  return sliceSource(partition, offset, Math.min(size, partition.size - offset), 'the array');
}
