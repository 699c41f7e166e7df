/** A compressed qcow2 image (QEMU: docs/interop/qcow2.txt, version 3), written front to back from kept segments. */
import { CLUSTER_SIZE } from './codec-clusters.ts';
import type { Segments } from './placed-segment.ts';
import { COPIED, dataClusters, Qcow2Data } from './qcow2-data.ts';

const MAGIC = 0x514649fb;
const HEADER_LENGTH = 104;
/** Refcounts have 2^4 bits. */
const REFCOUNT_ORDER = 4;
const REFCOUNTS_PER_CLUSTER = CLUSTER_SIZE / 2;
const OFFSETS_PER_CLUSTER = CLUSTER_SIZE / 8;
/** Bytes of the disk that one L2 table tells of. */
const TABLE_SPAN = OFFSETS_PER_CLUSTER * CLUSTER_SIZE;

/**
 * The bytes of an image: header, L1 table, L2 tables, clusters, refcounts. The tables stand before the clusters, so the
 * segments are gone through twice: for their sizes, and for their bytes. `size` is a multiple of 512 bytes.
 */
export async function* qcow2(
  size: number,
  blocks: Iterable<{ readonly offset: number }>,
  segments: Segments,
): AsyncGenerator<Uint8Array, void, undefined> {
  const l1Entries = Math.ceil(size / TABLE_SPAN);
  const l1Clusters = clusters(l1Entries * 8);
  const tables = tablesOf(blocks);
  const start = (1 + l1Clusters + tables.size) * CLUSTER_SIZE;
  const data = new Qcow2Data(start);
  for await (const { offset, segment } of segments())
    data.place(offset, segment.parts, (cluster, entry) => {
      const table = tables.get(Math.floor(cluster / OFFSETS_PER_CLUSTER));
      table?.writeBigUInt64BE(entry, (cluster % OFFSETS_PER_CLUSTER) * 8);
    });
  const refcounts = refcountLayout(data.end);
  yield header(size, l1Entries, refcounts);
  yield l1Table(l1Clusters, tables);
  yield* tables.values();
  yield* dataClusters(start, segments);
  yield* refcountBytes(start, data.counts, refcounts);
}

/** An empty L2 table for each span of the disk that holds a block, by its place in the L1 table. */
function tablesOf(blocks: Iterable<{ readonly offset: number }>): Map<number, Buffer> {
  const tables = new Map<number, Buffer>();
  for (const { offset } of blocks) {
    const index = Math.floor(offset / TABLE_SPAN);
    if (!tables.has(index)) tables.set(index, Buffer.alloc(CLUSTER_SIZE));
  }
  return tables;
}

function l1Table(l1Clusters: number, tables: ReadonlyMap<number, Buffer>): Buffer {
  const table = Buffer.alloc(l1Clusters * CLUSTER_SIZE);
  let cluster = 1 + l1Clusters;
  for (const index of tables.keys()) table.writeBigUInt64BE(COPIED | BigInt(cluster++ * CLUSTER_SIZE), index * 8);
  return table;
}

/** Refcount blocks, then the table that points to them, behind all else. */
interface RefcountLayout {
  readonly start: number;
  readonly blocks: number;
  readonly tableClusters: number;
}

/** They count themselves too, so their number is grown until it suffices. */
function refcountLayout(start: number): RefcountLayout {
  for (let blocks = 1; ;) {
    const tableClusters = clusters(blocks * 8);
    const needed = Math.ceil((start / CLUSTER_SIZE + blocks + tableClusters) / REFCOUNTS_PER_CLUSTER);
    if (needed <= blocks) return { start, blocks, tableClusters };
    blocks = needed;
  }
}

/** `counts` are those of the data clusters; all others are 1. */
function* refcountBytes(
  dataStart: number,
  counts: (cluster: number) => number,
  { start, blocks, tableClusters }: RefcountLayout,
): Generator<Buffer> {
  const total = start / CLUSTER_SIZE + blocks + tableClusters;
  for (let block = 0; block < blocks; block++) {
    const bytes = Buffer.alloc(CLUSTER_SIZE);
    const first = block * REFCOUNTS_PER_CLUSTER;
    for (let cluster = first; cluster < Math.min(total, first + REFCOUNTS_PER_CLUSTER); cluster++) {
      const inData = cluster * CLUSTER_SIZE >= dataStart && cluster * CLUSTER_SIZE < start;
      bytes.writeUInt16BE(inData ? counts(cluster) : 1, (cluster - first) * 2);
    }
    yield bytes;
  }
  const table = Buffer.alloc(tableClusters * CLUSTER_SIZE);
  for (let block = 0; block < blocks; block++) table.writeBigUInt64BE(BigInt(start + block * CLUSTER_SIZE), block * 8);
  yield table;
}

function header(size: number, l1Entries: number, { start, blocks, tableClusters }: RefcountLayout): Buffer {
  const bytes = Buffer.alloc(CLUSTER_SIZE);
  bytes.writeUInt32BE(MAGIC, 0);
  bytes.writeUInt32BE(3, 4);
  bytes.writeUInt32BE(Math.log2(CLUSTER_SIZE), 20);
  bytes.writeBigUInt64BE(BigInt(size), 24);
  bytes.writeUInt32BE(l1Entries, 36);
  bytes.writeBigUInt64BE(BigInt(CLUSTER_SIZE), 40);
  bytes.writeBigUInt64BE(BigInt(start + blocks * CLUSTER_SIZE), 48);
  bytes.writeUInt32BE(tableClusters, 56);
  bytes.writeUInt32BE(REFCOUNT_ORDER, 96);
  bytes.writeUInt32BE(HEADER_LENGTH, 100);
  return bytes;
}

function clusters(bytes: number): number {
  return Math.ceil(bytes / CLUSTER_SIZE);
}
