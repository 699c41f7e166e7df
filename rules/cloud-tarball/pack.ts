/** Streams a disk into a gzipped tar, and hashes what it reads and writes on the way. */
import { compressPieces, diskTar, gzip, type DataBlock, type SparseFormat } from 'dsmb/archive';
import { BLOCK_SIZE, type DiskReader } from 'dsmb/disk';
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

/** How to pack. */
export interface PackOptions {
  readonly member: string;
  readonly sparse: SparseFormat;
  readonly level: number;
  /** Folder to keep compressed blocks in. */
  readonly memo: string | undefined;
  /** Seconds since 1970. */
  readonly mtime: number;
  readonly progress: (percent: number) => void;
}

/** What was packed. */
export interface Packed {
  /** Size of the archive. */
  readonly bytes: number;
  readonly sha256: string;
  /** Bytes of the disk in blocks that are not all zero. */
  readonly dataBytes: number;
  readonly blocks: number;
  /** Blocks that were compressed; the others were kept from before. */
  readonly compressed: number;
  /**
   * Identifies the disk's content: SHA-256 of the text `dsmb-blocks/1 <disk bytes>\n` and, for each block of 1 MiB
   * that is not all zero, `<index> <SHA-256 of the block>\n`, ascending.
   */
  readonly blocksRoot: string;
}

/** Writes the archive of a disk to a file that does not exist. */
export async function packDisk(disk: DiskReader, file: string, options: PackOptions): Promise<Packed> {
  const blocks = [...disk.blocks()].map((index) => dataBlock(disk, index));
  const root = createHash('sha256').update(`dsmb-blocks/1 ${disk.size}\n`);
  let seen = 0;
  let compressed = 0;
  const onBlock = (sha256: string, kept: boolean): void => {
    root.update(`${(blocks[seen]?.offset ?? 0) / BLOCK_SIZE} ${sha256}\n`);
    if (!kept) compressed++;
    if (++seen % 16 === 0) options.progress(Math.floor((100 * seen) / blocks.length));
  };
  const tar = diskTar({ name: options.member, size: disk.size, mtime: options.mtime }, blocks, options.sparse);
  const { level, memo } = options;
  const written = await writeHashed(gzip(compressPieces(tar, { level, memo, onBlock })), file);
  return {
    ...written,
    dataBytes: blocks.reduce((sum, block) => sum + block.length, 0),
    blocks: blocks.length,
    compressed,
    blocksRoot: root.digest('hex'),
  };
}

function dataBlock(disk: DiskReader, index: number): DataBlock {
  const offset = index * BLOCK_SIZE;
  const length = Math.min(BLOCK_SIZE, disk.size - offset);
  return { type: 'block', offset, length, read: (into) => disk.readBlock(index, into) };
}

async function writeHashed(
  chunks: AsyncIterable<Uint8Array>,
  file: string,
): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  const tap = async function* () {
    for await (const chunk of chunks) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
  };
  await pipeline(tap, createWriteStream(file, { flags: 'wx', highWaterMark: 4 * BLOCK_SIZE }));
  return { bytes, sha256: hash.digest('hex') };
}
