/** Writes GUID partition tables (UEFI specification, chapter 5): protective MBR, primary and backup table. */
import { crc32 } from 'node:zlib';
import { fail } from '../model/diagnostic.ts';
import type { Gpt, GptPartition } from './gpt.ts';
import { SECTOR, withMbr } from './mbr.ts';
import type { ByteSink } from './sink.ts';
import type { ByteSource } from './source.ts';

const ENTRY_SIZE = 128;
const ENTRY_COUNT = 128;
const TABLE_SECTORS = (ENTRY_SIZE * ENTRY_COUNT) / SECTOR;
const HEADER_SIZE = 92;
const NAME_UNITS = 36;
/** First sector that a partition may have. */
export const GPT_FIRST_USABLE = 2 + TABLE_SECTORS;
const GUID = /^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/;

/** Writes a table; the boot code in sector 0 stays. Fails with `PARTITION_TABLE` for partitions that cannot be. */
export function writeGpt(disk: ByteSource & ByteSink, gpt: Gpt): void {
  const sectors = Math.floor(disk.size / SECTOR);
  checkGpt(gpt, sectors);
  const table = Buffer.alloc(ENTRY_SIZE * ENTRY_COUNT);
  for (const partition of gpt.partitions) encodeEntry(table, partition);
  const backup = sectors - 1;
  const header = (own: number, other: number, tableAt: number) =>
    encodeHeader({ own, other, tableAt, last: backup - TABLE_SECTORS - 1, diskId: gpt.diskId, table });
  disk.write(0, protectiveMbr(disk.read(0, SECTOR), sectors));
  disk.write(SECTOR, header(1, backup, 2));
  disk.write(2 * SECTOR, table);
  disk.write((backup - TABLE_SECTORS) * SECTOR, table);
  disk.write(backup * SECTOR, header(backup, 1, backup - TABLE_SECTORS));
}

function checkGpt({ diskId, partitions }: Gpt, sectors: number): void {
  const end = sectors - TABLE_SECTORS - 1;
  if (end <= GPT_FIRST_USABLE) fail('PARTITION_TABLE', `a disk of ${sectors} sectors has no room for a GPT`);
  checkGuid(diskId);
  let free = GPT_FIRST_USABLE;
  for (const { number, start, sectors: count, type, id, name } of partitions.toSorted((a, b) => a.start - b.start)) {
    if (!Number.isInteger(number) || number < 1 || number > ENTRY_COUNT)
      fail('PARTITION_TABLE', `a GPT has partitions 1 to ${ENTRY_COUNT}, not ${number}`);
    if (start < free)
      fail('PARTITION_TABLE', `partition ${number} starts at sector ${start}, before ${free}, where it may`);
    if (count < 1 || start + count > end)
      fail('PARTITION_TABLE', `partition ${number}: ${count} sectors at ${start} do not end before ${end}`);
    if (name.length > NAME_UNITS) fail('PARTITION_TABLE', `the name of partition ${number} is too long: ${name}`);
    [type, id].forEach(checkGuid);
    free = start + count;
  }
  if (new Set(partitions.map(({ number }) => number)).size !== partitions.length)
    fail('PARTITION_TABLE', 'two partitions have one number');
}

function checkGuid(text: string): void {
  if (!GUID.test(text)) fail('PARTITION_TABLE', `'${text}' is not a GUID in upper case`);
}

/** One entry of type EE over the whole disk, so that programs that know no GPT leave it alone. */
function protectiveMbr(sector0: Buffer, sectors: number): Buffer {
  const whole = {
    number: 1,
    active: false,
    type: 0xee,
    start: 1,
    sectors: Math.min(sectors, 2 ** 32 - 1) - 1,
  } as const;
  return withMbr(sector0, { diskId: sector0.readUInt32LE(440), partitions: [whole] });
}

interface Header {
  readonly own: number;
  readonly other: number;
  readonly tableAt: number;
  readonly last: number;
  readonly diskId: string;
  readonly table: Buffer;
}

function encodeHeader({ own, other, tableAt, last, diskId, table }: Header): Buffer {
  const bytes = Buffer.alloc(SECTOR);
  bytes.write('EFI PART', 'latin1');
  bytes.writeUInt32LE(0x1_0000, 8);
  bytes.writeUInt32LE(HEADER_SIZE, 12);
  for (const [at, sector] of [
    [24, own],
    [32, other],
    [40, GPT_FIRST_USABLE],
    [48, last],
    [72, tableAt],
  ] as const)
    bytes.writeBigUInt64LE(BigInt(sector), at);
  encodeGuid(diskId).copy(bytes, 56);
  bytes.writeUInt32LE(ENTRY_COUNT, 80);
  bytes.writeUInt32LE(ENTRY_SIZE, 84);
  bytes.writeUInt32LE(crc32(table), 88);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, HEADER_SIZE)), 16);
  return bytes;
}

function encodeEntry(table: Buffer, { number, type, id, name, start, sectors }: GptPartition): void {
  const at = (number - 1) * ENTRY_SIZE;
  encodeGuid(type).copy(table, at);
  encodeGuid(id).copy(table, at + 16);
  table.writeBigUInt64LE(BigInt(start), at + 32);
  table.writeBigUInt64LE(BigInt(start + sectors - 1), at + 40);
  table.write(name, at + 56, 'utf16le');
}

/** Text as a mixed-endian GUID. */
function encodeGuid(text: string): Buffer {
  const [a, b, c, d, e] = text.split('-').map((part) => Buffer.from(part, 'hex'));
  return Buffer.concat([a!.reverse(), b!.reverse(), c!.reverse(), d!, e!]);
}
