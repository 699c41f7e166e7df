/** GUID partition tables, read-only (UEFI specification, chapter 5). Sectors have 512 bytes. */
import { crc32 } from 'node:zlib';
import { fail } from '../model/diagnostic.ts';
import { SECTOR } from './mbr.ts';
import type { ByteSource } from './source.ts';

/** One partition; `start` and `sectors` count 512-byte sectors. */
export interface GptPartition {
  /** Place in the table, from 1. */
  readonly number: number;
  /** GUID of the type, upper case, for example `C12A7328-F81F-11D2-BA4B-00A0C93EC93B` (EFI system). */
  readonly type: string;
  readonly id: string;
  readonly name: string;
  readonly start: number;
  readonly sectors: number;
}

/** A table with the disk's id. */
export interface Gpt {
  readonly diskId: string;
  readonly partitions: readonly GptPartition[];
}

const SIGNATURE = 'EFI PART';
const MAX_TABLE = 1024 * 1024;
const UNUSED = '00000000-0000-0000-0000-000000000000';

/** True if sector 1 bears the signature of a GPT. */
export function hasGpt(disk: ByteSource): boolean {
  return disk.size >= 2 * SECTOR && disk.read(SECTOR, SIGNATURE.length).toString('latin1') === SIGNATURE;
}

/** Reads the primary table. Both checksums must hold and each partition must lie on the disk. */
export function parseGpt(disk: ByteSource): Gpt {
  if (!hasGpt(disk)) fail('NO_PARTITION_TABLE', 'sector 1 has no GUID partition table');
  const header = readHeader(disk);
  const entrySize = header.readUInt32LE(84);
  const count = header.readUInt32LE(80);
  const at = sectorNumber(header, 72) * SECTOR;
  if (entrySize < 128 || entrySize % 8 !== 0 || count * entrySize > MAX_TABLE || at + count * entrySize > disk.size)
    fail('PARTITION_TABLE', `the GPT has ${count} entries of ${entrySize} bytes at byte ${at}, which cannot be`);
  const table = disk.read(at, count * entrySize);
  if (crc32(table) !== header.readUInt32LE(88)) fail('PARTITION_TABLE', 'the checksum of the GPT entries is wrong');
  const partitions = Array.from({ length: count }, (_, index) =>
    parseEntry(table.subarray(index * entrySize, (index + 1) * entrySize), index + 1, disk.size),
  );
  return { diskId: guid(header, 56), partitions: partitions.filter((entry) => entry !== undefined) };
}

function readHeader(disk: ByteSource): Buffer {
  const sector = disk.read(SECTOR, SECTOR);
  const size = sector.readUInt32LE(12);
  if (size < 92 || size > SECTOR) fail('PARTITION_TABLE', `the GPT header claims ${size} bytes`);
  const header = Buffer.from(sector.subarray(0, size));
  const expected = header.readUInt32LE(16);
  header.writeUInt32LE(0, 16);
  if (crc32(header) !== expected) fail('PARTITION_TABLE', 'the checksum of the GPT header is wrong');
  return header;
}

function parseEntry(entry: Buffer, number: number, diskSize: number): GptPartition | undefined {
  const type = guid(entry, 0);
  if (type === UNUSED) return undefined;
  const start = sectorNumber(entry, 32);
  const last = sectorNumber(entry, 40);
  if (last < start || (last + 1) * SECTOR > diskSize)
    fail('PARTITION_TABLE', `partition ${number} (sectors ${start} to ${last}) does not lie on the disk`);
  const name = entry.toString('utf16le', 56, 128).replace(/\0.*$/s, '');
  return { number, type, id: guid(entry, 16), name, start, sectors: last - start + 1 };
}

function sectorNumber(bytes: Buffer, at: number): number {
  const value = bytes.readBigUInt64LE(at);
  if (value > 2n ** 43n) fail('PARTITION_TABLE', `the GPT names sector ${value}, which no disk has`);
  return Number(value);
}

/** Mixed-endian GUID as text. */
function guid(bytes: Buffer, at: number): string {
  const hex = (from: number, to: number) => bytes.toString('hex', at + from, at + to);
  const swapped = (from: number, to: number) =>
    Buffer.from(bytes.subarray(at + from, at + to))
      .reverse()
      .toString('hex');
  return [swapped(0, 4), swapped(4, 6), swapped(6, 8), hex(8, 10), hex(10, 16)].join('-').toUpperCase();
}
