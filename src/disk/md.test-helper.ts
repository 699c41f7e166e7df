/** For tests: members of arrays that mirror, as mdadm makes them. */

const MAGIC = 0xa92b4efc;
/** What a member has beside the array's content. */
const TAIL = 2 * 1024 * 1024 + 512;
export const DATA_OFFSET = 1024 * 1024;
const NOTHING = Buffer.alloc(2 * 1024 * 1024);
const UUID = [0x1ec7_2fb1, 0xb1b4_e29b, 0x3017_a5a8, 0xc86610be];

export function sum(bytes: Buffer, length: number): number {
  let total = 0n;
  for (let at = 0; at < length - 3; at += 4) total += BigInt(bytes.readUInt32LE(at));
  if (length % 4 === 2) total += BigInt(bytes.readUInt16LE(length - 2));
  return Number(((total & 0xffff_ffffn) + (total >> 32n)) & 0xffff_ffffn);
}

/** A member of a RAID 1 with the superblock of `md_p.h`, 0.90. `active`: how many members are in use. */
export function member0(minor: number, content: Buffer = NOTHING, active = 1): Buffer {
  const size = content.length + TAIL;
  const partition = Buffer.alloc(size);
  content.copy(partition);
  const at = size - (size % 0x10000) - 0x10000;
  const block = partition.subarray(at, at + 4096);
  const words: Record<number, number> = {
    0: MAGIC,
    2: 90,
    5: UUID[0]!,
    7: 1,
    8: 4032,
    9: 1,
    10: 2,
    11: minor,
    13: UUID[1]!,
    14: UUID[2]!,
    15: UUID[3]!,
    33: 1,
    34: active,
    39: 7,
  };
  for (const [index, word] of Object.entries(words)) block.writeUInt32LE(word, Number(index) * 4);
  block.writeUInt32LE(sum(block, 4096), 38 * 4);
  return partition;
}

/** A member of a RAID 1 with the superblock of `md_p.h`, 1.2. `roles`: of each device of the array. */
export function member1(
  name: string,
  maxDevices = 3,
  content: Buffer = NOTHING,
  roles: readonly number[] = [],
): Buffer {
  const partition = Buffer.alloc(content.length + TAIL);
  content.copy(partition, DATA_OFFSET);
  const block = partition.subarray(4096, 8192);
  block.writeUInt32LE(MAGIC, 0);
  block.writeUInt32LE(1, 4);
  for (const [index, word] of UUID.entries()) block.writeUInt32BE(word, 16 + 4 * index);
  block.write(name, 32, 32);
  block.writeInt32LE(1, 72);
  block.writeBigUInt64LE(4096n, 80);
  block.writeUInt32LE(2, 92);
  block.writeBigUInt64LE(BigInt(DATA_OFFSET / 512), 128);
  block.writeBigUInt64LE(BigInt((content.length + TAIL - DATA_OFFSET - 512) / 512), 136);
  block.writeBigUInt64LE(8n, 144);
  block.writeBigUInt64LE(9n, 200);
  block.writeUInt32LE(maxDevices, 220);
  for (let device = 0; device < maxDevices; device++)
    block.writeUInt16LE(roles[device] ?? (device === 0 ? 0 : 0xffff), 256 + 2 * device);
  block.writeUInt32LE(sum(block, 256 + 2 * maxDevices), 216);
  return partition;
}
