/** The superblock of a mirrored array (md, version 1.2) of one member, as Linux has it in `md_p.h`. */
import { mdChecksum } from 'dsmb/disk';

/** An array to describe. Sizes and places in sectors of 512 bytes, counted from the start of the member. */
export interface Mirror {
  /** Sixteen bytes. */
  readonly uuid: Buffer;
  /** For example `DiskStation:2`. */
  readonly name: string;
  readonly dataOffset: number;
  readonly dataSectors: number;
  /** Seconds since 1970. */
  readonly time: number;
}

/** Where the superblock lies in the member, in bytes. */
export const SUPERBLOCK_AT = 4096;

const MAGIC = 0xa92b_4efc;
const HEADER = 256;
/** As many members as mdadm makes room for. */
const MOST_MEMBERS = 128;
const CHECKSUM = 216;

export function mirrorSuperblock({ uuid, name, dataOffset, dataSectors, time }: Mirror): Buffer {
  const bytes = Buffer.alloc(HEADER + 2 * MOST_MEMBERS, 0);
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.writeUInt32LE(1, 4); // version 1
  uuid.copy(bytes, 16);
  bytes.write(name, 32, 32, 'utf8');
  bytes.writeBigUInt64LE(BigInt(time), 64);
  bytes.writeInt32LE(1, 72); // RAID 1
  bytes.writeBigUInt64LE(BigInt(dataSectors), 80);
  bytes.writeUInt32LE(1, 92); // members
  bytes.writeBigUInt64LE(BigInt(dataOffset), 128);
  bytes.writeBigUInt64LE(BigInt(dataSectors), 136);
  bytes.writeBigUInt64LE(BigInt(SUPERBLOCK_AT / 512), 144);
  uuid.copy(bytes, 168); // of the member: the only one may have that of the array
  bytes.writeBigUInt64LE(BigInt(time), 192);
  bytes.writeBigUInt64LE(1n, 200); // events
  bytes.writeBigUInt64LE(2n ** 64n - 1n, 208); // all of it is in sync
  bytes.writeUInt32LE(MOST_MEMBERS, 220);
  bytes.fill(0xff, HEADER + 2);
  bytes.writeUInt32LE(mdChecksum(bytes, CHECKSUM), CHECKSUM);
  return bytes;
}
