/** DOS partition tables (MBR): four primary partitions in sector 0. All numbers are 512-byte sectors. */
import { fail } from '../model/diagnostic.ts';

export const SECTOR = 512;

/** Offsets in sector 0: the end of the boot code, the disk id, the table, the signature. */
export const BOOT_CODE_SIZE = 440;
const TABLE = 446;
const ENTRY_SIZE = 16;
const SIGNATURE = 510;
const MAX_SECTORS = 2 ** 32;

/** One primary partition. */
export interface MbrPartition {
  /** Place in the table, 1 to 4. */
  readonly number: 1 | 2 | 3 | 4;
  readonly active: boolean;
  /** For example 0x83 (Linux), 0xfd (RAID member), 0x0e (FAT 16 by LBA). */
  readonly type: number;
  readonly start: number;
  readonly sectors: number;
}

/** A partition table with the disk's id. */
export interface Mbr {
  readonly diskId: number;
  /** Ascending by number; unused places are left out. */
  readonly partitions: readonly MbrPartition[];
}

const NUMBERS = [1, 2, 3, 4] as const;

/** Reads sector 0. Fails with `NO_PARTITION_TABLE` where the signature 55 AA is missing. */
export function parseMbr(sector: Uint8Array): Mbr {
  const bytes = asBuffer(sector);
  if (bytes.length < SECTOR || bytes.readUInt16LE(SIGNATURE) !== 0xaa55)
    fail('NO_PARTITION_TABLE', 'sector 0 has no partition table: its signature 55 AA is missing');
  const partitions = NUMBERS.map((number) => parseEntry(bytes, number)).filter((entry) => entry !== undefined);
  return { diskId: bytes.readUInt32LE(BOOT_CODE_SIZE), partitions };
}

/**
 * Sector 0 with another table. The boot code stays, and so does each entry that describes the same partition as
 * before; new entries have the CHS numbers that Linux' sfdisk writes (255 heads, 63 sectors).
 */
export function withMbr(sector: Uint8Array, { diskId, partitions }: Mbr): Buffer {
  const bytes = Buffer.from(sector.subarray(0, SECTOR));
  const known = bytes.readUInt16LE(SIGNATURE) === 0xaa55;
  bytes.writeUInt32LE(diskId, BOOT_CODE_SIZE);
  bytes.writeUInt16LE(0xaa55, SIGNATURE);
  for (const number of NUMBERS) {
    const wanted = partitions.find((partition) => partition.number === number);
    const before = known ? parseEntry(bytes, number) : undefined;
    if (!wanted) bytes.fill(0, entryOffset(number), entryOffset(number) + ENTRY_SIZE);
    else if (!before || !samePartition(before, wanted)) encodeEntry(bytes, wanted);
  }
  return bytes;
}

/** Fails with `PARTITION_TABLE` if partitions overlap, are empty, or end behind the disk. */
export function checkMbr({ partitions }: Mbr, diskSectors: number): void {
  const sorted = partitions.toSorted((a, b) => a.start - b.start);
  let end = 1;
  for (const { number, start, sectors } of sorted) {
    if (start < end)
      fail('PARTITION_TABLE', `partition ${number} starts at sector ${start}, before ${end}, where it may`);
    end = start + sectors;
    if (end > diskSectors)
      fail('PARTITION_TABLE', `partition ${number} ends at sector ${end}, but the disk has ${diskSectors}`);
  }
}

function samePartition(a: MbrPartition, b: MbrPartition): boolean {
  return a.active === b.active && a.type === b.type && a.start === b.start && a.sectors === b.sectors;
}

function parseEntry(bytes: Buffer, number: MbrPartition['number']): MbrPartition | undefined {
  const at = entryOffset(number);
  const type = bytes.readUInt8(at + 4);
  const sectors = bytes.readUInt32LE(at + 12);
  if (type === 0 || sectors === 0) return undefined;
  return { number, active: bytes.readUInt8(at) === 0x80, type, start: bytes.readUInt32LE(at + 8), sectors };
}

function encodeEntry(bytes: Buffer, { number, active, type, start, sectors }: MbrPartition): void {
  if (start < 1 || sectors < 1 || start + sectors > MAX_SECTORS)
    fail(
      'PARTITION_TABLE',
      `partition ${number}: ${sectors} sectors at ${start} do not fit a DOS table (2 TiB at most)`,
    );
  const at = entryOffset(number);
  bytes.writeUInt8(active ? 0x80 : 0, at);
  encodeChs(bytes, at + 1, start);
  bytes.writeUInt8(type, at + 4);
  encodeChs(bytes, at + 5, start + sectors - 1);
  bytes.writeUInt32LE(start, at + 8);
  bytes.writeUInt32LE(sectors, at + 12);
}

function encodeChs(bytes: Buffer, at: number, sector: number): void {
  const cylinder = Math.floor(sector / (255 * 63));
  if (cylinder > 1023) return void bytes.set([0xfe, 0xff, 0xff], at);
  const head = Math.floor(sector / 63) % 255;
  bytes.set([head, (sector % 63) + 1 + ((cylinder >> 8) << 6), cylinder & 0xff], at);
}

function entryOffset(number: number): number {
  return TABLE + (number - 1) * ENTRY_SIZE;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
