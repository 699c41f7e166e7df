/**
 * Writes a FAT 16 file system with given files: a pure function of its arguments, with no clock and no process in it.
 * Folders and the first files come first, so a small file that changes often changes one place only.
 */
import { fail } from '../../model/diagnostic.ts';
import type { ByteSink } from '../sink.ts';
import type { ByteSource } from '../source.ts';
import { ATTRIBUTE, ENTRY_SIZE } from './directory.ts';
import { planTree, type PlannedNode } from './layout.ts';
import { dosTime, nameEntries, shortNames } from './names.ts';

/** A file to write. */
export interface FatFile {
  /** `/`-separated; folders are made as needed. */
  readonly path: string;
  readonly source: ByteSource;
}

/** What the file system is like. */
export interface FatOptions {
  /** Size in 512-byte sectors. */
  readonly sectors: number;
  /** Sectors before it on its disk: the partition's start. */
  readonly hiddenSectors: number;
  readonly volumeId: number;
  /** At most 11 characters, upper case. */
  readonly label: string;
  /** Seconds since 1970: the time of every file. */
  readonly epoch: number;
  /** Laid out in this order, as far as they share a folder. */
  readonly files: readonly FatFile[];
}

const SECTOR = 512;
const ROOT_ENTRIES = 512;
const ROOT_SECTORS = (ROOT_ENTRIES * ENTRY_SIZE) / SECTOR;
const TABLES = 2;
const MEDIA = 0xf8;
const END_OF_CHAIN = 0xffff;
const PIECE = 1024 * 1024;

interface Geometry {
  readonly perCluster: number;
  readonly tableSectors: number;
  readonly clusterCount: number;
  readonly dataSector: number;
}

/** Writes the file system from offset 0 of `sink`, which must read as zeros. Fails with `IMAGE_TOO_SMALL`. */
export function writeFat16(sink: ByteSink, options: FatOptions): void {
  const geometry = chooseGeometry(options.sectors);
  const clusterSize = geometry.perCluster * SECTOR;
  const root = planTree(options.files, clusterSize);
  checkSpace(root, geometry.clusterCount * clusterSize, clusterSize, options);
  const nodes = [...root.descendants()];
  sink.write(0, bootSector(options, geometry));
  const table = allocationTable(nodes, geometry);
  for (let copy = 0; copy < TABLES; copy++) sink.write((1 + copy * geometry.tableSectors) * SECTOR, table);
  sink.write((geometry.dataSector - ROOT_SECTORS) * SECTOR, rootDirectory(root, options));
  for (const node of nodes) {
    const offset = geometry.dataSector * SECTOR + (node.cluster - 2) * clusterSize;
    if (node.source) copy(node.source, sink, offset);
    else sink.write(offset, subDirectory(node, options.epoch));
  }
}

function chooseGeometry(sectors: number): Geometry {
  for (let perCluster = 4; perCluster <= 64; perCluster *= 2) {
    const tableSectors = Math.ceil(((sectors / perCluster + 2) * 2) / SECTOR);
    const dataSector = 1 + TABLES * tableSectors + ROOT_SECTORS;
    const clusterCount = Math.floor((sectors - dataSector) / perCluster);
    // 16 clusters off both limits: some readers count one or two wrong.
    if (clusterCount > 4085 + 16 && clusterCount < 65525 - 16)
      return { perCluster, tableSectors, clusterCount, dataSector };
  }
  return fail('FAT_SIZE', `a FAT 16 cannot have ${sectors} sectors`, { hint: 'choose a size from 9 MiB to 2 GiB' });
}

function checkSpace(root: PlannedNode, available: number, clusterSize: number, { files }: FatOptions): void {
  const needed = root.clustersBelow() * clusterSize;
  if (needed <= available) return;
  fail('IMAGE_TOO_SMALL', `the files need ${needed} bytes, but the file system has room for ${available}`, {
    detail: files.map(({ path, source }) => `${String(source.size).padStart(12)} ${path}`).join('\n'),
    hint: `it is ${Math.ceil((needed - available) / PIECE)} MiB too small: choose a larger image, or smaller drivers`,
  });
}

function bootSector({ sectors, hiddenSectors, volumeId, label }: FatOptions, geometry: Geometry): Buffer {
  const boot = Buffer.alloc(SECTOR);
  boot.set([0xeb, 0x3c, 0x90]); // jump over the parameters
  boot.write('dsmb    ', 3, 'latin1');
  boot.writeUInt16LE(SECTOR, 11);
  boot.writeUInt8(geometry.perCluster, 13);
  boot.writeUInt16LE(1, 14); // reserved sectors
  boot.writeUInt8(TABLES, 16);
  boot.writeUInt16LE(ROOT_ENTRIES, 17);
  boot.writeUInt16LE(sectors < 0x1_0000 ? sectors : 0, 19);
  boot.writeUInt8(MEDIA, 21);
  boot.writeUInt16LE(geometry.tableSectors, 22);
  boot.writeUInt16LE(63, 24); // sectors per track
  boot.writeUInt16LE(255, 26); // heads
  boot.writeUInt32LE(hiddenSectors, 28);
  boot.writeUInt32LE(sectors < 0x1_0000 ? 0 : sectors, 32);
  boot.writeUInt8(0x80, 36); // BIOS drive
  boot.writeUInt8(0x29, 38); // the three fields that follow are there
  boot.writeUInt32LE(volumeId, 39);
  boot.write(label.padEnd(11), 43, 'latin1');
  boot.write('FAT16   ', 54, 'latin1');
  boot.set([0xf4, 0xeb, 0xfd], 62); // halt: nothing boots from here
  boot.writeUInt16LE(0xaa55, 510);
  return boot;
}

function allocationTable(nodes: readonly PlannedNode[], { tableSectors }: Geometry): Buffer {
  const table = Buffer.alloc(tableSectors * SECTOR);
  table.writeUInt16LE(0xff00 | MEDIA, 0);
  table.writeUInt16LE(END_OF_CHAIN, 2);
  for (const { cluster, clusters } of nodes)
    for (let index = 0; index < clusters; index++) {
      const at = cluster + index;
      table.writeUInt16LE(index === clusters - 1 ? END_OF_CHAIN : at + 1, at * 2);
    }
  return table;
}

function rootDirectory(root: PlannedNode, { label, epoch }: FatOptions): Buffer {
  const volume = entry(Buffer.from(label.padEnd(11), 'latin1'), ATTRIBUTE.volume, 0, 0, epoch);
  const bytes = Buffer.concat([volume, ...childEntries(root, epoch)]);
  if (bytes.length > ROOT_ENTRIES * ENTRY_SIZE) fail('FAT_SIZE', 'too many files in the root folder of a FAT 16');
  return bytes;
}

function subDirectory(node: PlannedNode, epoch: number): Buffer {
  const self = entry(Buffer.from('.'.padEnd(11), 'latin1'), ATTRIBUTE.directory, node.cluster, 0, epoch);
  const above = entry(Buffer.from('..'.padEnd(11), 'latin1'), ATTRIBUTE.directory, node.parentCluster, 0, epoch);
  return Buffer.concat([self, above, ...childEntries(node, epoch)]);
}

function childEntries(node: PlannedNode, epoch: number): Buffer[] {
  const shorts = shortNames(node.children.map((child) => child.name));
  return node.children.flatMap((child, index) => {
    const short = shorts[index] ?? Buffer.alloc(11);
    const attributes = child.source ? ATTRIBUTE.archive : ATTRIBUTE.directory;
    return [...nameEntries(child.name, short), entry(short, attributes, child.cluster, child.source?.size ?? 0, epoch)];
  });
}

function entry(short: Buffer, attributes: number, cluster: number, size: number, epoch: number): Buffer {
  const bytes = Buffer.alloc(ENTRY_SIZE);
  const { date, time } = dosTime(epoch);
  bytes.set(short);
  bytes.writeUInt8(attributes, 11);
  for (const at of [14, 22]) bytes.writeUInt16LE(time, at);
  for (const at of [16, 18, 24]) bytes.writeUInt16LE(date, at);
  bytes.writeUInt16LE(cluster, 26);
  bytes.writeUInt32LE(size, 28);
  return bytes;
}

function copy(source: ByteSource, sink: ByteSink, offset: number): void {
  for (let at = 0; at < source.size; at += PIECE)
    sink.write(offset + at, source.read(at, Math.min(PIECE, source.size - at)));
}
