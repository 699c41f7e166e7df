/** The superblock, group descriptors and inodes of ext2, ext3 and ext4 (Linux, `Documentation/filesystems/ext4`). */
import { fail } from '../../model/diagnostic.ts';
import type { ByteSource } from '../source.ts';

/** What is said about a file system that may have features which cannot be read here. */
export interface ExtIdentity {
  /** `jbd` is a journal that another file system keeps here. */
  readonly type: 'ext2' | 'ext3' | 'ext4' | 'jbd';
  readonly label: string;
  readonly uuid: string;
  /** It was not unmounted cleanly: its journal holds changes that are not seen here. */
  readonly needsRecovery: boolean;
}

/** What the superblock says; sizes in bytes. */
export interface ExtGeometry extends ExtIdentity {
  readonly blockSize: number;
  readonly blockCount: number;
  readonly inodeCount: number;
  readonly inodeSize: number;
  readonly inodesPerGroup: number;
  readonly descriptorSize: number;
  readonly groupCount: number;
  readonly blocksPerGroup: number;
  /** Block that the first group begins at. */
  readonly firstBlock: number;
  /** From this block of group descriptors on, each lies with the groups that it describes (meta_bg). */
  readonly firstMetaBlock: number;
  /** Groups that have a copy of the superblock: all, those of `sparse_super`, or two (`sparse_super2`). */
  readonly superblocks: 'all' | 'sparse' | readonly number[];
  /** Directory entries tell the type of what they name. */
  readonly hasFileTypes: boolean;
  /** Inodes that no folder names, by what they are: the journal, quotas. */
  readonly ownInodes: ReadonlyMap<string, number>;
  /** Blocks behind each copy of the descriptors that are kept for more of them. */
  readonly reservedBlocks: number;
}

/** Blocks at which a group keeps what it knows of itself. */
export interface ExtGroup {
  readonly blockBitmap: number;
  readonly inodeBitmap: number;
  readonly inodeTable: number;
}

/** One inode. `content` is the 60 bytes that hold block numbers, extents, a short symlink or inline data. */
export interface Inode {
  readonly number: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  readonly flags: number;
  /** Block of attributes that found no room in the inode; 0 where there is none. */
  readonly attributes: number;
  readonly content: Buffer;
  /** The bytes behind the first 128, where attributes may be. */
  readonly rest: Buffer;
}

export const INODE_FLAG = { extents: 0x80000, inlineData: 0x10000000, encrypted: 0x800 } as const;
export const ROOT_INODE = 2;

const SUPERBLOCK = 1024;
const MAGIC = 0xef53;
const COMPAT_JOURNAL = 0x4;
const COMPAT_SPARSE_SUPER_2 = 0x200;
const RO_COMPAT_SPARSE_SUPER = 0x1;
/** What ext3 can have: `sparse_super`, `large_file` and `btree_dir`; `filetype`, `needs_recovery` and `meta_bg`. */
const EXT3 = { roCompat: 0x1 | 0x2 | 0x4, incompat: 0x2 | 0x4 | 0x10 } as const;
const INCOMPAT = { fileTypes: 0x2, recover: 0x4, journalDevice: 0x8, metaGroups: 0x10, bits64: 0x80 } as const;
/** Those above, and multiple mount protection, flexible groups, attribute inodes, checksum seed, large folders, inline data, casefolding. */
const READABLE = 0x2 | 0x4 | 0x10 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x2000 | 0x4000 | 0x8000 | 0x20000;
/** Features that are not, as `tune2fs` calls them. */
const UNREADABLE = new Map([
  [0x1, 'compression'],
  [0x8, 'journal_dev'],
  [0x1000, 'dirdata'],
  [0x10000, 'encrypt'],
]);
const MAX_BLOCKS = 2 ** 40;

/** Any damage found in an ext file system. */
export function damagedExt(what: string): never {
  return fail('EXT4_DAMAGED', `the ext file system is damaged: ${what}`);
}

/** True if the magic number is there. */
export function hasExt(source: ByteSource): boolean {
  return source.size >= 2 * SUPERBLOCK && source.read(SUPERBLOCK + 0x38, 2).readUInt16LE(0) === MAGIC;
}

/** What the superblock says of itself. Nothing else of it is checked. */
export function readExtIdentity(source: ByteSource): ExtIdentity {
  return identityIn(source.read(SUPERBLOCK, SUPERBLOCK));
}

function identityIn(superblock: Buffer): ExtIdentity {
  return {
    type: typeOf(superblock),
    label: cString(superblock.subarray(0x78, 0x88)),
    uuid: formatUuid(superblock.subarray(0x68, 0x78)),
    needsRecovery: (superblock.readUInt32LE(0x60) & INCOMPAT.recover) !== 0,
  };
}

/** Reads and checks the superblock. */
export function readExtGeometry(source: ByteSource): ExtGeometry {
  if (!hasExt(source)) damagedExt('it has no superblock');
  const bytes = source.read(SUPERBLOCK, SUPERBLOCK);
  const incompat = bytes.readUInt32LE(0x60);
  const unknown = incompat & ~READABLE;
  if (unknown !== 0)
    fail('EXT4_UNSUPPORTED', `the ext file system has features that cannot be read: ${featureNames(unknown)}`);
  const wide = (incompat & INCOMPAT.bits64) !== 0;
  const revision = bytes.readUInt32LE(0x4c);
  const blockSize = 1024 * 2 ** Math.min(31, bytes.readUInt32LE(0x18));
  const blockCount = bytes.readUInt32LE(0x4) + (wide ? bytes.readUInt32LE(0x150) * 2 ** 32 : 0);
  const firstBlock = bytes.readUInt32LE(0x14);
  const blocksPerGroup = bytes.readUInt32LE(0x20);
  const inodesPerGroup = bytes.readUInt32LE(0x28);
  const inodeSize = revision === 0 ? 128 : bytes.readUInt16LE(0x58);
  const descriptorSize = wide ? bytes.readUInt16LE(0xfe) : 32;
  if (blockSize > 65_536) damagedExt(`its blocks have ${blockSize} bytes`);
  if (blockCount < 1 || blockCount > MAX_BLOCKS || blockCount * blockSize > source.size)
    damagedExt(`it claims ${blockCount} blocks of ${blockSize} bytes, but there are ${source.size} bytes`);
  if (!isPowerOf2(inodeSize) || inodeSize < 128 || inodeSize > blockSize)
    damagedExt(`its inodes have ${inodeSize} bytes`);
  if (!isPowerOf2(descriptorSize) || descriptorSize < 32 || descriptorSize > 1024)
    damagedExt(`its group descriptors have ${descriptorSize} bytes`);
  if (blocksPerGroup < 1 || inodesPerGroup < 1) damagedExt('its groups are empty');
  const groupCount = Math.ceil((blockCount - firstBlock) / blocksPerGroup);
  const inodeCount = bytes.readUInt32LE(0);
  if (groupCount < 1 || inodeCount > groupCount * inodesPerGroup)
    damagedExt(`it claims ${inodeCount} inodes in ${groupCount} groups of ${inodesPerGroup}`);
  return {
    ...identityIn(bytes),
    blockSize,
    blockCount,
    inodeCount,
    inodeSize,
    inodesPerGroup,
    descriptorSize,
    groupCount,
    blocksPerGroup,
    firstBlock,
    firstMetaBlock: (incompat & INCOMPAT.metaGroups) === 0 ? Infinity : bytes.readUInt32LE(0x104),
    superblocks: superblocksOf(bytes),
    hasFileTypes: (incompat & INCOMPAT.fileTypes) !== 0,
    ownInodes: ownInodes(bytes),
    reservedBlocks: bytes.readUInt16LE(0xce),
  };
}

/** What a group's descriptor says. */
export function readGroup(source: ByteSource, geometry: ExtGeometry, group: number): ExtGroup {
  const { descriptorSize } = geometry;
  const descriptor = source.read(descriptorOffset(geometry, group), descriptorSize);
  const block = (low: number, high: number): number =>
    descriptor.readUInt32LE(low) + (descriptorSize >= 64 ? descriptor.readUInt32LE(high) : 0) * 2 ** 32;
  return { blockBitmap: block(0, 0x20), inodeBitmap: block(0x4, 0x24), inodeTable: block(0x8, 0x28) };
}

/** The bytes of an inode as they lie on disk. */
export function readInodeRecord(source: ByteSource, geometry: ExtGeometry, number: number): Buffer {
  const { inodeCount, inodesPerGroup, inodeSize, blockSize } = geometry;
  if (number < 1 || number > inodeCount) damagedExt(`it names inode ${number}, of ${inodeCount}`);
  const group = Math.floor((number - 1) / inodesPerGroup);
  const { inodeTable: table } = readGroup(source, geometry, group);
  const offset = table * blockSize + ((number - 1) % inodesPerGroup) * inodeSize;
  if (table < 1 || offset + inodeSize > geometry.blockCount * blockSize)
    damagedExt(`the inode table of group ${group} lies at block ${table}`);
  return source.read(offset, inodeSize);
}

/** Reads an inode by its number. */
export function readInode(source: ByteSource, geometry: ExtGeometry, number: number): Inode {
  const bytes = readInodeRecord(source, geometry, number);
  const size = bytes.readUInt32LE(0x4) + bytes.readUInt32LE(0x6c) * 2 ** 32;
  if (!Number.isSafeInteger(size)) damagedExt(`inode ${number} has ${size} bytes`);
  return {
    number,
    mode: bytes.readUInt16LE(0),
    uid: bytes.readUInt16LE(0x2) + bytes.readUInt16LE(0x78) * 2 ** 16,
    gid: bytes.readUInt16LE(0x18) + bytes.readUInt16LE(0x7a) * 2 ** 16,
    size,
    mtime: bytes.readInt32LE(0x10),
    flags: bytes.readUInt32LE(0x20),
    attributes: bytes.readUInt32LE(0x68) + bytes.readUInt16LE(0x76) * 2 ** 32,
    content: bytes.subarray(0x28, 0x64),
    rest: bytes.subarray(128),
  };
}

/** Where a group's descriptor lies, in bytes. */
export function descriptorOffset(geometry: ExtGeometry, group: number): number {
  const { blockSize, descriptorSize, firstBlock, firstMetaBlock, blocksPerGroup } = geometry;
  const perBlock = blockSize / descriptorSize;
  const index = Math.floor(group / perBlock);
  const first = index * perBlock;
  // Groups of blocks of 1 KiB count from the superblock on, those of clusters (bigalloc) from the block before.
  const superblock = Math.floor(SUPERBLOCK / blockSize);
  const behindSuperblock = first === 0 ? superblock + 1 - firstBlock : 1;
  const block =
    index < firstMetaBlock
      ? superblock + 1 + index
      : firstBlock + first * blocksPerGroup + (hasSuperblock(geometry, first) ? behindSuperblock : 0);
  return block * blockSize + (group % perBlock) * descriptorSize;
}

/** Those that there are; one of 0 is none. */
function ownInodes(superblock: Buffer): Map<string, number> {
  const places = { journal: 0xe0, 'quotas of users': 0x240, 'quotas of groups': 0x244, 'quotas of projects': 0x26c };
  const all = Object.entries({ ...places, 'list of orphans': 0x280 });
  const found = all.map(([name, at]) => [name, superblock.readUInt32LE(at)] as const);
  return new Map(found.filter(([, number]) => number !== 0));
}

function superblocksOf(superblock: Buffer): ExtGeometry['superblocks'] {
  if ((superblock.readUInt32LE(0x5c) & COMPAT_SPARSE_SUPER_2) !== 0)
    return [superblock.readUInt32LE(0x24c), superblock.readUInt32LE(0x250)];
  return (superblock.readUInt32LE(0x64) & RO_COMPAT_SPARSE_SUPER) === 0 ? 'all' : 'sparse';
}

/** Whether a group begins with a copy of the superblock. */
export function hasSuperblock({ superblocks }: ExtGeometry, group: number): boolean {
  if (group === 0 || superblocks === 'all') return true;
  if (superblocks !== 'sparse') return superblocks.includes(group);
  return group === 1 || [3, 5, 7].some((base) => isPowerOf(base, group));
}

function isPowerOf(base: number, value: number): boolean {
  let power = base;
  while (power < value) power *= base;
  return power === value;
}

/** Names of feature bits; those that have none here, as a number. */
function featureNames(bits: number): string {
  const named = [...UNREADABLE].filter(([bit]) => (bits & bit) !== 0);
  const rest = named.reduce((left, [bit]) => left & ~bit, bits) >>> 0;
  return [...named.map(([, name]) => name), ...(rest === 0 ? [] : [`0x${rest.toString(16)}`])].join(', ');
}

/** ext4 is what has a feature that ext3 has not, as libblkid tells them apart. */
function typeOf(superblock: Buffer): ExtIdentity['type'] {
  const [compat, incompat, roCompat] = [0x5c, 0x60, 0x64].map((at) => superblock.readUInt32LE(at)) as [
    number,
    number,
    number,
  ];
  if ((incompat & INCOMPAT.journalDevice) !== 0) return 'jbd';
  if ((incompat & ~EXT3.incompat) !== 0 || (roCompat & ~EXT3.roCompat) !== 0) return 'ext4';
  return (compat & COMPAT_JOURNAL) !== 0 ? 'ext3' : 'ext2';
}

function cString(bytes: Buffer): string {
  return bytes.toString('utf8').replace(/\0.*$/s, '');
}

/** Sixteen bytes in the usual groups. */
export function formatUuid(bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function isPowerOf2(value: number): boolean {
  return value > 0 && (value & (value - 1)) === 0;
}
