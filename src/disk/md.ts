/** Linux md superblocks, read from a member of an array, and the lines that `mdadm --detail --scan` prints for them. */
import { fail } from '../model/diagnostic.ts';
import { SECTOR } from './mbr.ts';
import type { ByteSource } from './source.ts';

/** One member's description of its array. */
export interface MdSuperblock {
  readonly version: '0.90' | '1.0' | '1.1' | '1.2';
  /** As mdadm prints it: four groups of eight hex digits. */
  readonly uuid: string;
  /** 1 for RAID 1; negative numbers are linear and others. */
  readonly level: number;
  readonly raidDisks: number;
  readonly events: bigint;
  /** The array's name, `host:2` or `2`; 0.90 has none. */
  readonly name?: string;
  /** The number of `/dev/mdN` that 0.90 asks for. */
  readonly preferredMinor?: number;
  /** Byte of the partition that the superblock begins at. */
  readonly at: number;
  /** What a member has of the array's content, in bytes of the partition. */
  readonly data: { readonly offset: number; readonly size: number };
}

const MAGIC = 0xa92b4efc;
const SIZE = 4096;
const RESERVED_0 = 64 * 1024;
const HEADER_1 = 256;
/** By minor version, the superblock lies 8 KiB or a little more before the end, at the start, or 8 sectors behind it. */
const PLACES_1 = [
  ['1.0', (size: number) => aligned(size - 8192, 4096)],
  ['1.1', () => 0],
  ['1.2', () => 4096],
] as const;

/** Reads the superblock of a partition: 0.90 near its end, else one of the three places of version 1, else undefined. */
export function readMdSuperblock(partition: ByteSource): MdSuperblock | undefined {
  const version1 = PLACES_1.map(
    ([version, place]) =>
      () =>
        readVersion1(partition, version, place(partition.size)),
  );
  for (const read of [() => readVersion0(partition), ...version1]) {
    const found = read();
    if (found) return found;
  }
  return undefined;
}

/** The text that `mdadm --detail --scan` prints: a line an array, by device number. Members of one array count once. */
export function formatMdadmScan(superblocks: readonly MdSuperblock[]): string {
  const arrays = [...new Map(superblocks.map((superblock) => [superblock.uuid, superblock])).values()];
  const sorted = arrays.toSorted((a, b) => (deviceNumber(a) ?? Infinity) - (deviceNumber(b) ?? Infinity) || 0);
  return sorted.map((array) => `${arrayLine(array)}\n`).join('');
}

function arrayLine(array: MdSuperblock): string {
  const name = array.name ? ` name=${quoted(array.name)}` : '';
  return `ARRAY ${deviceName(array)} metadata=${array.version}${name} UUID=${array.uuid}`;
}

/** The device of an array; mdadm names those without a number after their name. */
function deviceName(array: MdSuperblock): string {
  const number = deviceNumber(array);
  return number === undefined ? `/dev/md/${array.name?.replace(/^[^:]*:/, '') ?? ''}` : `/dev/md${number}`;
}

function deviceNumber({ preferredMinor, name }: MdSuperblock): number | undefined {
  const suffix = /(?:^|:)(\d{1,5})$/.exec(name ?? '')?.[1];
  return preferredMinor ?? (suffix === undefined ? undefined : Number(suffix));
}

/** mdadm quotes only where it must. */
function quoted(text: string): string {
  if (!/[ \t'"]/.test(text)) return text;
  return text.includes('"') ? `'${text}'` : `"${text}"`;
}

function aligned(offset: number, unit: number): number {
  return offset - (offset % unit);
}

function readVersion0(partition: ByteSource): MdSuperblock | undefined {
  const offset = aligned(partition.size, RESERVED_0) - RESERVED_0;
  if (offset < 0) return undefined;
  const bytes = partition.read(offset, SIZE);
  const word = (index: number) => bytes.readUInt32LE(index * 4);
  if (word(0) !== MAGIC || word(1) !== 0 || word(2) !== 90) return undefined;
  checkSum(bytes, 38 * 4, '0.90');
  return {
    version: '0.90',
    uuid: [5, 13, 14, 15].map((index) => word(index).toString(16).padStart(8, '0')).join(':'),
    level: bytes.readInt32LE(7 * 4),
    raidDisks: word(10),
    preferredMinor: word(11),
    events: bytes.readBigUInt64LE(39 * 4),
    at: offset,
    data: { offset: 0, size: offset },
  };
}

function readVersion1(partition: ByteSource, version: '1.0' | '1.1' | '1.2', at: number): MdSuperblock | undefined {
  if (at < 0 || partition.size < at + SIZE) return undefined;
  const bytes = partition.read(at, SIZE);
  if (bytes.readUInt32LE(0) !== MAGIC || bytes.readUInt32LE(4) !== 1) return undefined;
  const size = HEADER_1 + 2 * bytes.readUInt32LE(220);
  if (size > SIZE || bytes.readBigUInt64LE(144) !== BigInt(at / SECTOR))
    fail('MD_SUPERBLOCK', `the md superblock (${version}) is damaged: its size or its place is wrong`);
  checkSum(bytes.subarray(0, size), 216, version);
  return {
    version,
    uuid: bytes.toString('hex', 16, 32).replace(/(.{8})(?!$)/g, '$1:'),
    level: bytes.readInt32LE(72),
    raidDisks: bytes.readUInt32LE(92),
    events: bytes.readBigUInt64LE(200),
    name: cleanName(bytes.subarray(32, 64)),
    at,
    data: { offset: bytesOf(bytes, 128, partition), size: bytesOf(bytes, 136, partition) },
  };
}

/** A number of sectors as bytes, as far as the partition has them. */
function bytesOf(superblock: Buffer, at: number, { size }: ByteSource): number {
  return Math.min(Number(superblock.readBigUInt64LE(at)) * SECTOR, size);
}

function cleanName(bytes: Buffer): string {
  const name = bytes.toString('utf8').replace(/\0.*$/s, '');
  // A name goes into a configuration file: a line break in it would be a second line there.
  if (/\p{Cc}/u.test(name)) fail('MD_SUPERBLOCK', 'the name in the md superblock has control characters');
  return name;
}

/** Both formats: the sum of all 32-bit words (and a last half word) but the checksum itself, which is at `at`, folded once. */
export function mdChecksum(bytes: Buffer, at: number): number {
  let sum = 0;
  for (let offset = 0; offset + 4 <= bytes.length; offset += 4) if (offset !== at) sum += bytes.readUInt32LE(offset);
  if (bytes.length % 4 === 2) sum += bytes.readUInt16LE(bytes.length - 2);
  return (Math.floor(sum / 2 ** 32) + (sum % 2 ** 32)) % 2 ** 32;
}

function checkSum(bytes: Buffer, at: number, version: string): void {
  const expected = mdChecksum(bytes, at);
  const found = bytes.readUInt32LE(at);
  if (found !== expected)
    fail('MD_SUPERBLOCK', `the checksum of the md superblock (${version}) is wrong`, {
      detail: `it says ${found.toString(16)}, its content gives ${expected.toString(16)}`,
      hint: 'the array was not stopped cleanly, or the disk is damaged: install again',
    });
}
