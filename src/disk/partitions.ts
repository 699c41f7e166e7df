/** The partitions of a disk, whatever its table: one view for people and for comparisons. */
import { Failure } from '../model/diagnostic.ts';
import { isExtended, readLogical, type LogicalPartition } from './ebr.ts';
import { gptPlaces, gptSectorSize, hasGpt, hasGptCopy, salvageGpt } from './gpt.ts';
import { parseMbr, SECTOR } from './mbr.ts';
import { hasFat } from './fat/volume.ts';
import { identifyFileSystem } from './file-system.ts';
import { sliceSource, type ByteSource } from './source.ts';

/** One partition; bytes and 512-byte sectors. */
export interface Partition {
  readonly number: number;
  readonly start: number;
  readonly sectors: number;
  /** For people: `Linux RAID`, `EFI system`; the table's own code where it is not known. */
  readonly type: string;
  readonly active: boolean;
  /** Only GPT has names. */
  readonly name?: string;
}

/** A partition table. */
export interface PartitionTable {
  readonly scheme: 'dos' | 'gpt';
  /** As tools print it: `0x1234abcd` or a GUID. */
  readonly diskId: string;
  /** Ascending by number. */
  readonly partitions: readonly Partition[];
  /** What is wrong with it, for people. */
  readonly problems: readonly string[];
}

/** The number of the first logical partition. */
const FIRST_LOGICAL = 5;

const DOS_TYPES: Readonly<Record<number, string>> = {
  0x05: 'extended',
  0x06: 'FAT 16',
  0x07: 'NTFS or exFAT',
  0x0b: 'FAT 32',
  0x0c: 'FAT 32 (LBA)',
  0x0e: 'FAT 16 (LBA)',
  0x0f: 'extended (LBA)',
  0x82: 'Linux swap',
  0x85: 'Linux extended',
  0x83: 'Linux',
  0x8e: 'Linux LVM',
  0xee: 'GPT',
  0xef: 'EFI system',
  0xfd: 'Linux RAID',
};

const GPT_TYPES: Readonly<Record<string, string>> = {
  '0657FD6D-A4AB-43C4-84E5-0933C84B4F4F': 'Linux swap',
  '0FC63DAF-8483-4772-8E79-3D69D8477DE4': 'Linux',
  '21686148-6449-6E6F-744E-656564454649': 'BIOS boot',
  'A19D880F-05FC-4D3B-A006-743F0F84911E': 'Linux RAID',
  'C12A7328-F81F-11D2-BA4B-00A0C93EC93B': 'EFI system',
  'E6D6D379-F507-44C2-A23C-238F2A3DF928': 'Linux LVM',
  'EBD0A0A2-B9E5-4433-87C0-68B6B72699C7': 'basic data',
};

/**
 * The table of a disk, or undefined where there is none; what can be read of one that is damaged, with what is wrong. A GPT
 * counts before the MBR that protects it. Fails with `PARTITION_TABLE` for a GPT of which nothing can be read.
 */
export function readPartitions(disk: ByteSource): PartitionTable | undefined {
  const mbr = disk.size >= SECTOR && looksLikeMbr(disk) ? disk.read(0, SECTOR) : undefined;
  if (hasGpt(disk) || (mbr && isProtective(mbr) && hasGptCopy(disk))) return gptTable(disk);
  return mbr && dosTable(disk, mbr);
}

/** Where a table lies beside the boot sector; bytes. */
export interface TablePlace {
  readonly start: number;
  readonly end: number;
  readonly name: string;
}

/** A GPT and its copy, or the tables of logical partitions: those that are there. */
export function tablePlaces(disk: ByteSource, { scheme }: PartitionTable): TablePlace[] {
  if (scheme === 'gpt')
    return gptPlaces(disk).map(({ isCopy, ...place }) => ({ ...place, name: isCopy ? 'copy of the GPT' : 'GPT' }));
  const extended = parseMbr(disk.read(0, SECTOR)).partitions.filter(isExtended);
  const sectors = extended.flatMap((one) => readLogical(disk, one).tables);
  return sectors.map((sector) => {
    return { start: sector * SECTOR, end: (sector + 1) * SECTOR, name: 'table of logical partitions' };
  });
}

function gptTable(disk: ByteSource): PartitionTable {
  const { gpt, problems } = salvageGpt(disk);
  const sectorSize = gptSectorSize(disk);
  const counted =
    sectorSize === SECTOR
      ? []
      : [`it counts sectors of ${sectorSize} bytes: other disks than such do not start with it`];
  const partitions = gpt.partitions.map(({ type, id: _id, ...rest }) => ({
    ...rest,
    type: GPT_TYPES[type] ?? type,
    active: false,
  }));
  return {
    scheme: 'gpt',
    diskId: gpt.diskId,
    partitions,
    problems: [...counted, ...problems, ...misplaced(partitions, disk)],
  };
}

function dosTable(disk: ByteSource, sector: Buffer): PartitionTable {
  const { diskId, partitions: primary } = parseMbr(sector);
  const chains = primary.filter(isExtended).map((extended) => readLogical(disk, extended));
  const logical = chains
    .flatMap(({ partitions }) => partitions)
    .map((one, index) => ({ ...one, number: FIRST_LOGICAL + index }));
  const problems = chains.flatMap(({ problem }) => problem ?? []);
  const partitions = [...primary, ...logical].map(dosPartition);
  const apart = partitions.filter((_, index) => !primary[index] || !isExtended(primary[index]));
  return {
    scheme: 'dos',
    diskId: `0x${diskId.toString(16).padStart(8, '0')}`,
    partitions,
    problems: [...problems, ...misplaced(apart, disk)],
  };
}

function dosPartition({ number, start, sectors, type, active }: LogicalPartition & { number: number }): Partition {
  const name = DOS_TYPES[type] ?? `type ${type.toString(16).padStart(2, '0')}`;
  return { number, start, sectors, type: name, active };
}

/** Partitions that end behind the disk or lie on each other. */
function misplaced(partitions: readonly Partition[], { size }: ByteSource): string[] {
  const sorted = partitions.toSorted((a, b) => a.start - b.start);
  const behind = sorted.filter(({ start, sectors }) => (start + sectors) * SECTOR > size);
  const onEachOther = sorted.flatMap((one, index) => {
    const next = sorted[index + 1];
    return next && next.start < one.start + one.sectors ? [`p${one.number} and p${next.number} overlap`] : [];
  });
  return [
    ...behind.map(({ number, start, sectors }) => `p${number} ends at sector ${start + sectors}, behind the disk`),
    ...onEachOther,
  ];
}

/** The bytes of a partition, as many as the disk has. One that begins behind it is a `READ_OUT_OF_BOUNDS` failure. */
export function partitionSource(disk: ByteSource, { number, start, sectors }: Partition): ByteSource {
  const offset = start * SECTOR;
  const length = Math.min(sectors * SECTOR, Math.max(0, disk.size - offset));
  return sliceSource(disk, offset, length, `partition ${number}`);
}

/**
 * A file system's boot sector has the same signature as an MBR: what tells them apart is a table that can be, and with an
 * empty one that no file system lies on the whole disk.
 */
function looksLikeMbr(disk: ByteSource): boolean {
  const sector = disk.read(0, SECTOR);
  if (sector.readUInt16LE(510) !== 0xaa55) return false;
  const entries = [446, 462, 478, 494].map((at) => sector.subarray(at, at + 16));
  if (!entries.every((entry) => entry[0] === 0 || entry[0] === 0x80)) return false;
  const used = entries.filter((entry) => entry[4] !== 0 && entry.readUInt32LE(12) > 0);
  if (!used.every((entry) => entry.readUInt32LE(8) >= 1)) return false;
  if (used.length === 0) return !hasFileSystem(disk);
  // Of a disk that was cut some partitions, or all, are gone.
  return used.some((entry) => entry.readUInt32LE(8) * SECTOR < disk.size) || !hasFat(disk);
}

function hasFileSystem(disk: ByteSource): boolean {
  try {
    return identifyFileSystem(disk) !== undefined;
  } catch (error) {
    if (error instanceof Failure) return true;
    throw error;
  }
}

function isProtective(sector: Buffer): boolean {
  return parseMbr(sector).partitions.some(({ type }) => type === 0xee);
}
