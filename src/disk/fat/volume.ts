/** A FAT volume's geometry and its allocation table (Microsoft FAT specification 1.03). Nothing in it is believed. */
import { fail } from '../../model/diagnostic.ts';
import type { ByteSource } from '../source.ts';

export type FatType = 12 | 16 | 32;

/** Where things are; offsets and sizes in bytes, clusters count from 2. */
export interface FatGeometry {
  readonly type: FatType;
  readonly clusterSize: number;
  readonly clusterCount: number;
  readonly tableOffset: number;
  readonly tableSize: number;
  /** The root folder of FAT 12 and 16. */
  readonly rootOffset: number;
  readonly rootSize: number;
  /** The root folder's first cluster in FAT 32. */
  readonly rootCluster: number;
  readonly dataOffset: number;
}

const WINDOW = 64 * 1024;
const SECTOR_SIZES: ReadonlySet<number> = new Set([512, 1024, 2048, 4096]);

/** Any damage found in a FAT. */
export function damagedFat(what: string): never {
  return fail('FAT_DAMAGED', `the FAT file system is damaged: ${what}`);
}

/**
 * True for a boot sector that says it is a FAT's, however damaged, and for one that describes a FAT: its text proves nothing,
 * as the specification has it, and some formatters leave it out.
 */
export function hasFat(source: ByteSource): boolean {
  if (source.size < 512) return false;
  const boot = source.read(0, 512);
  if ([54, 82].some((at) => boot.toString('latin1', at, at + 3) === 'FAT')) return true;
  const jumps = boot.readUInt8(0) === 0xeb || boot.readUInt8(0) === 0xe9;
  const media = boot.readUInt8(21);
  return jumps && boot.readUInt16LE(510) === 0xaa55 && (media === 0xf0 || media >= 0xf8) && describesFat(boot);
}

function describesFat(boot: Buffer): boolean {
  const isSector = SECTOR_SIZES.has(boot.readUInt16LE(11));
  return isSector && isPowerOf2(boot.readUInt8(13)) && boot.readUInt16LE(14) >= 1 && boot.readUInt8(16) >= 1;
}

/** Reads and checks the boot sector. */
export function readGeometry(source: ByteSource): FatGeometry {
  if (source.size < 512) damagedFat(`it has only ${source.size} bytes`);
  const boot = source.read(0, 512);
  const sector = boot.readUInt16LE(11);
  const perCluster = boot.readUInt8(13);
  const reserved = boot.readUInt16LE(14);
  const tables = boot.readUInt8(16);
  const sectors = boot.readUInt16LE(19) || boot.readUInt32LE(32);
  const tableSectors = boot.readUInt16LE(22) || boot.readUInt32LE(36);
  if (!describesFat(boot)) damagedFat('its boot sector describes no FAT');
  const rootSize = Math.ceil((boot.readUInt16LE(17) * 32) / sector) * sector;
  const rootOffset = (reserved + tables * tableSectors) * sector;
  const dataOffset = rootOffset + rootSize;
  const clusterSize = perCluster * sector;
  const clusterCount = Math.floor((sectors * sector - dataOffset) / clusterSize);
  if (clusterCount < 1 || dataOffset + clusterCount * clusterSize > source.size)
    damagedFat(`it describes ${sectors} sectors of ${sector} bytes, the image has ${source.size} bytes`);
  const type = boot.readUInt16LE(22) === 0 ? 32 : fatType(clusterCount);
  if ((clusterCount + 2) * (type / 8) > tableSectors * sector)
    damagedFat(`its table is too small for ${clusterCount} clusters`);
  return {
    type,
    clusterSize,
    clusterCount,
    tableOffset: reserved * sector,
    tableSize: tableSectors * sector,
    rootOffset,
    rootSize,
    rootCluster: type === 32 ? boot.readUInt32LE(44) : 0,
    dataOffset,
  };
}

/**
 * By the number of clusters, as the specification has it. But FAT 32 is told by its table's size, which stands elsewhere:
 * on a small partition it has fewer clusters than it should, and Linux, GRUB and EDK2 take it for what it is.
 */
function fatType(clusterCount: number): 12 | 16 {
  return clusterCount < 4085 ? 12 : 16;
}

/** The table: which cluster follows which. A window of it is in memory. */
export function clusterTable(source: ByteSource, geometry: FatGeometry): (cluster: number) => number | undefined {
  const { type, tableOffset, tableSize, clusterCount } = geometry;
  let start = -1;
  let window: Buffer = Buffer.alloc(0);

  const bytesAt = (offset: number): Buffer => {
    const wanted = offset - (offset % WINDOW);
    if (wanted !== start) {
      window = source.read(tableOffset + wanted, Math.min(WINDOW + 4, tableSize - wanted));
      start = wanted;
    }
    return window.subarray(offset - start);
  };

  return (cluster) => {
    const next = entry(bytesAt(Math.floor((cluster * type) / 8)), cluster, type);
    if (next >= END[type]) return undefined;
    if (next < 2 || next >= clusterCount + 2) damagedFat(`cluster ${cluster} is followed by ${next}, which is none`);
    return next;
  };
}

const END = { 12: 0xff8, 16: 0xfff8, 32: 0xffffff8 } as const;

function entry(bytes: Buffer, cluster: number, type: FatType): number {
  if (type === 32) return bytes.readUInt32LE(0) & 0xfffffff;
  const value = bytes.readUInt16LE(0);
  if (type === 16) return value;
  return cluster % 2 === 0 ? value & 0xfff : value >> 4;
}

function isPowerOf2(value: number): boolean {
  return value > 0 && (value & (value - 1)) === 0;
}
