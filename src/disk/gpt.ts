/** GUID partition tables, read-only (UEFI specification, chapter 5), of disks with sectors of 512 bytes or of 4096. */
import { isDeepStrictEqual } from 'node:util';
import { crc32 } from 'node:zlib';
import { fail, toDiagnostic } from '../model/diagnostic.ts';
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

/** What disks have; nothing on a disk tells which, but where the table lies. */
type SectorSize = 512 | 4096;
const SECTOR_SIZES = [512, 4096] as const;

const SIGNATURE = 'EFI PART';
const MAX_TABLE = 1024 * 1024;
const UNUSED = '00000000-0000-0000-0000-000000000000';

/** Where the primary header lies. */
const PRIMARY = 1;

/** True if sector 1 bears the signature of a GPT. */
export function hasGpt(disk: ByteSource): boolean {
  return SECTOR_SIZES.some((size) => hasHeader(disk, PRIMARY, size));
}

/** True if the last sector bears the signature of a GPT's copy. */
export function hasGptCopy(disk: ByteSource): boolean {
  return SECTOR_SIZES.some((size) => hasHeader(disk, lastSector(disk, size), size));
}

function hasHeader(disk: ByteSource, sector: number, size: SectorSize): boolean {
  if (sector < PRIMARY || (sector + 1) * size > disk.size) return false;
  return disk.read(sector * size, SIGNATURE.length).toString('latin1') === SIGNATURE;
}

function lastSector(disk: ByteSource, size: SectorSize): number {
  return Math.floor(disk.size / size) - 1;
}

/** Bytes of the sectors that a disk was partitioned with: those by which a header is found where it should be. */
export function gptSectorSize(disk: ByteSource): SectorSize {
  const found = (sector: (size: SectorSize) => number) =>
    SECTOR_SIZES.find((size) => hasHeader(disk, sector(size), size));
  return found(() => PRIMARY) ?? found((size) => lastSector(disk, size)) ?? 512;
}

/** Reads the primary table. Both checksums must hold and each partition must lie on the disk. */
export function parseGpt(disk: ByteSource): Gpt {
  if (!hasGpt(disk)) fail('NO_PARTITION_TABLE', 'sector 1 has no GUID partition table');
  const table = tableAt(disk, PRIMARY, gptSectorSize(disk));
  for (const { number, start, sectors } of table.partitions)
    if ((start + sectors) * SECTOR > disk.size)
      fail(
        'PARTITION_TABLE',
        `partition ${number} (sectors ${start} to ${start + sectors - 1}) does not lie on the disk`,
      );
  return table;
}

/**
 * Reads what there is of a table: the copy at the end of the disk stands in for a primary one that is damaged, and
 * partitions may end behind the disk. Fails with `PARTITION_TABLE` where neither can be read.
 */
export function salvageGpt(disk: ByteSource): { readonly gpt: Gpt; readonly problems: readonly string[] } {
  const size = gptSectorSize(disk);
  const [primary, copy] = [attemptAt(disk, PRIMARY, size), attemptAt(disk, lastSector(disk, size), size)];
  if (typeof primary === 'string') {
    if (typeof copy === 'string') return fail('PARTITION_TABLE', primary);
    return {
      gpt: copy,
      problems: [`the primary GPT is damaged (${primary}): this is its copy at the end of the disk`],
    };
  }
  if (typeof copy === 'string')
    return { gpt: primary, problems: [`the copy of the GPT at the end of the disk: ${copy}`] };
  const isSame = isDeepStrictEqual(primary, copy);
  return { gpt: primary, problems: isSame ? [] : ['the GPT and its copy at the end of the disk differ'] };
}

/** Some bytes of a GPT, or of its copy. */
export interface GptPlace {
  readonly start: number;
  readonly end: number;
  readonly isCopy: boolean;
}

/** Where a table and its copy lie, as far as they are there and their headers can be read: each header, then its entries. */
export function gptPlaces(disk: ByteSource): GptPlace[] {
  const size = gptSectorSize(disk);
  const sectors = [PRIMARY, lastSector(disk, size)].filter((sector) => hasHeader(disk, sector, size));
  return sectors.flatMap((sector) => {
    const isCopy = sector !== PRIMARY;
    const header = { start: sector * size, end: (sector + 1) * size, isCopy };
    try {
      const { at, count, entrySize } = entriesOf(disk, readHeader(disk, sector, size), size);
      return [header, { start: at, end: at + count * entrySize, isCopy }];
    } catch {
      // What is damaged is told by whoever reads the table.
      return [header];
    }
  });
}

/** A table, or what is wrong with it. */
function attemptAt(disk: ByteSource, sector: number, size: SectorSize): Gpt | string {
  if (!hasHeader(disk, sector, size)) return `sector ${sector} has no GUID partition table`;
  try {
    return tableAt(disk, sector, size);
  } catch (error) {
    return toDiagnostic(error).message;
  }
}

function tableAt(disk: ByteSource, sector: number, sectorSize: SectorSize): Gpt {
  const header = readHeader(disk, sector, sectorSize);
  const { at, count, entrySize } = entriesOf(disk, header, sectorSize);
  const table = disk.read(at, count * entrySize);
  if (crc32(table) !== header.readUInt32LE(88)) fail('PARTITION_TABLE', 'the checksum of the GPT entries is wrong');
  const partitions = Array.from({ length: count }, (_, index) =>
    parseEntry(table.subarray(index * entrySize, (index + 1) * entrySize), index + 1, sectorSize / SECTOR),
  );
  return { diskId: guid(header, 56), partitions: partitions.filter((entry) => entry !== undefined) };
}

/** Where the entries lie that a header tells of. */
function entriesOf(disk: ByteSource, header: Buffer, sectorSize: SectorSize) {
  const entrySize = header.readUInt32LE(84);
  const count = header.readUInt32LE(80);
  const at = sectorNumber(header, 72) * sectorSize;
  if (entrySize < 128 || entrySize % 8 !== 0 || count * entrySize > MAX_TABLE || at + count * entrySize > disk.size)
    fail('PARTITION_TABLE', `the GPT has ${count} entries of ${entrySize} bytes at byte ${at}, which cannot be`);
  return { at, count, entrySize };
}

function readHeader(disk: ByteSource, at: number, sectorSize: SectorSize): Buffer {
  const sector = disk.read(at * sectorSize, SECTOR);
  const size = sector.readUInt32LE(12);
  if (size < 92 || size > SECTOR) fail('PARTITION_TABLE', `the GPT header claims ${size} bytes`);
  const header = Buffer.from(sector.subarray(0, size));
  const expected = header.readUInt32LE(16);
  header.writeUInt32LE(0, 16);
  if (crc32(header) !== expected) fail('PARTITION_TABLE', 'the checksum of the GPT header is wrong');
  return header;
}

/** `unit` is the number of 512-byte sectors that the table counts as one. */
function parseEntry(entry: Buffer, number: number, unit: number): GptPartition | undefined {
  const type = guid(entry, 0);
  if (type === UNUSED) return undefined;
  const start = sectorNumber(entry, 32);
  const last = sectorNumber(entry, 40);
  if (last < start) fail('PARTITION_TABLE', `partition ${number} ends at sector ${last}, before it starts at ${start}`);
  const name = entry.toString('utf16le', 56, 128).replace(/\0.*$/s, '');
  return { number, type, id: guid(entry, 16), name, start: start * unit, sectors: (last - start + 1) * unit };
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
