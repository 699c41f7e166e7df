/** A stream-optimised VMDK (VMware: Virtual Disk Format 5.0), written front to back: grains, tables, directory, footer. */
import { CLUSTER_SIZE } from './codec-clusters.ts';
import { padding } from './cpio-format.ts';
import type { Segments } from './placed-segment.ts';

const SECTOR = 512;
const GRAIN_SECTORS = CLUSTER_SIZE / SECTOR;
/** Grains that one grain table tells of. */
const TABLE_ENTRIES = 512;
const TABLE_SECTORS = (TABLE_ENTRIES * 4) / SECTOR;
/** The descriptor's place and room, and where the first grain may lie, in sectors. */
const DESCRIPTOR_START = 1;
const DESCRIPTOR_SECTORS = 20;
const OVERHEAD = 128;
/** In the header: the directory is at the end, see the footer. */
const AT_END = 0xffff_ffff_ffff_ffffn;
/** Line ends can be checked, grains are compressed, there are markers. */
const FLAGS = 0x3_0001;
const DEFLATE = 1;
/** Kinds of markers. */
const MARKER = { end: 0, table: 1, directory: 2, footer: 3 } as const;

/** The bytes of an image. `size` is a multiple of the grain size, 64 KiB; `name` is the file's own. */
export async function* vmdk(
  size: number,
  name: string,
  segments: Segments,
): AsyncGenerator<Uint8Array, void, undefined> {
  const sectors = size / SECTOR;
  const directory = Buffer.alloc(wholeSectors(Math.ceil(sectors / GRAIN_SECTORS / TABLE_ENTRIES) * 4));
  let at = 0;
  const put = (bytes: Uint8Array): Uint8Array => {
    at += bytes.length / SECTOR;
    return bytes;
  };
  yield put(header(sectors, AT_END));
  yield put(descriptor(sectors, name));
  yield put(Buffer.alloc((OVERHEAD - DESCRIPTOR_START - DESCRIPTOR_SECTORS) * SECTOR));

  let table: { readonly index: number; readonly bytes: Buffer } | undefined;
  const closeTable = function* (): Generator<Uint8Array> {
    if (!table) return;
    yield put(marker(MARKER.table, TABLE_SECTORS));
    directory.writeUInt32LE(at, table.index * 4);
    yield put(table.bytes);
  };
  for await (const { offset, segment } of segments()) {
    let from = 0;
    for (const [part, length] of segment.parts.entries()) {
      if (length === 0) continue;
      const grain = offset / CLUSTER_SIZE + part;
      const index = Math.floor(grain / TABLE_ENTRIES);
      if (table?.index !== index) {
        yield* closeTable();
        table = { index, bytes: Buffer.alloc(TABLE_SECTORS * SECTOR) };
      }
      table.bytes.writeUInt32LE(at, (grain % TABLE_ENTRIES) * 4);
      yield put(grainBytes(grain, segment.bytes.subarray(from, from + length)));
      from += length;
    }
  }
  yield* closeTable();
  yield put(marker(MARKER.directory, directory.length / SECTOR));
  const directoryStart = at;
  yield put(directory);
  yield put(marker(MARKER.footer, 1));
  yield put(header(sectors, BigInt(directoryStart)));
  yield put(marker(MARKER.end, 0));
}

/** A grain's sector on the disk, the size of its zlib stream, the stream, zeros to a whole sector. */
function grainBytes(grain: number, stream: Uint8Array): Buffer {
  const bytes = Buffer.alloc(wholeSectors(12 + stream.length));
  bytes.writeBigUInt64LE(BigInt(grain * GRAIN_SECTORS), 0);
  bytes.writeUInt32LE(stream.length, 8);
  bytes.set(stream, 12);
  return bytes;
}

function marker(kind: number, sectors: number): Buffer {
  const bytes = Buffer.alloc(SECTOR);
  bytes.writeBigUInt64LE(BigInt(sectors), 0);
  bytes.writeUInt32LE(kind, 12);
  return bytes;
}

function header(sectors: number, directory: bigint): Buffer {
  const bytes = Buffer.alloc(SECTOR);
  bytes.write('KDMV', 0, 'latin1');
  bytes.writeUInt32LE(3, 4);
  bytes.writeUInt32LE(FLAGS, 8);
  bytes.writeBigUInt64LE(BigInt(sectors), 12);
  bytes.writeBigUInt64LE(BigInt(GRAIN_SECTORS), 20);
  bytes.writeBigUInt64LE(BigInt(DESCRIPTOR_START), 28);
  bytes.writeBigUInt64LE(BigInt(DESCRIPTOR_SECTORS), 36);
  bytes.writeUInt32LE(TABLE_ENTRIES, 44);
  bytes.writeBigUInt64LE(directory, 56);
  bytes.writeBigUInt64LE(BigInt(OVERHEAD), 64);
  // Characters that a transfer as text would change.
  bytes.write('\n \r\n', 73, 'latin1');
  bytes.writeUInt16LE(DEFLATE, 77);
  return bytes;
}

function descriptor(sectors: number, name: string): Buffer {
  const cylinders = Math.min(65_535, Math.max(1, Math.floor(sectors / (255 * 63))));
  const text = [
    '# Disk DescriptorFile',
    'version=1',
    // Names the content for images that build on this one; there are none.
    'CID=fffffffe',
    'parentCID=ffffffff',
    'createType="streamOptimized"',
    '',
    '# Extent description',
    `RW ${sectors} SPARSE "${name}"`,
    '',
    '# The Disk Data Base',
    '#DDB',
    '',
    'ddb.virtualHWVersion = "4"',
    'ddb.adapterType = "lsilogic"',
    `ddb.geometry.cylinders = "${cylinders}"`,
    'ddb.geometry.heads = "255"',
    'ddb.geometry.sectors = "63"',
    '',
  ].join('\n');
  const bytes = Buffer.alloc(DESCRIPTOR_SECTORS * SECTOR);
  bytes.write(text, 'latin1');
  return bytes;
}

function wholeSectors(length: number): number {
  return length + padding(length, SECTOR);
}
