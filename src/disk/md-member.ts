/** The bytes of a mirrored array as one of its members holds them. */
import type { MdSuperblock } from './md.ts';
import { sliceSource, type ByteSource } from './source.ts';

const MIRROR = 1;

/** The array's content, where each member has all of it (RAID 1); otherwise undefined. */
export function memberContent(partition: ByteSource, { level, data }: MdSuperblock): ByteSource | undefined {
  if (level !== MIRROR) return undefined;
  return sliceSource(partition, data.offset, Math.min(data.size, partition.size - data.offset), 'the array');
}
