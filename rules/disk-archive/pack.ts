/** Streams a disk into an archive, and hashes the blocks on the way where their digests are not known. */
import { writeSparse, type DataBlock } from 'dsmb/archive';
import { BLOCK_SIZE, blockPath, type DiskReader } from 'dsmb/disk';
import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import { encode, type EncodeOptions } from './encode.ts';
import { FORMATS } from './formats.ts';

/** How to pack. */
export interface PackOptions extends EncodeOptions {
  /** SHA-256 of a block's file, where it is known. */
  readonly digestOf: (path: string) => string | undefined;
  readonly progress: (percent: number) => void;
}

/** What was packed. */
export interface Packed {
  /** Size of the archive. */
  readonly bytes: number;
  /** Size of the disk, filled up as the format wants it. */
  readonly diskBytes: number;
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
  const { granule } = FORMATS[options.format];
  const size = Math.ceil(disk.size / granule) * granule;
  const blocks = { [Symbol.iterator]: () => dataBlocks(disk, size, options.digestOf) };
  const { length: total, bytes: dataBytes } = measure(blocks);
  const indices = disk.blocks();
  const root = createHash('sha256').update(`dsmb-blocks/1 ${size}\n`);
  let seen = 0;
  let compressed = 0;
  const onBlock = (sha256: string, kept: boolean): void => {
    root.update(`${indices.next().value} ${sha256}\n`);
    if (!kept) compressed++;
    if (++seen % 16 === 0) options.progress(Math.floor((100 * seen) / total));
  };
  const image = { size, blocks, onBlock, root: () => root.copy().digest() };
  const bytes = await writeSparse(await encode(image, basename(file), options), file);
  return {
    bytes,
    diskBytes: size,
    dataBytes,
    blocks: total,
    compressed,
    blocksRoot: root.digest('hex'),
  };
}

function measure(blocks: Iterable<DataBlock>): { length: number; bytes: number } {
  let [length, bytes] = [0, 0];
  for (const block of blocks) {
    length++;
    bytes += block.length;
  }
  return { length, bytes };
}

/** The blocks of a disk that is `size` bytes long, zeros at its end included. */
export function* dataBlocks(disk: DiskReader, size: number, digestOf: PackOptions['digestOf']): Generator<DataBlock> {
  for (const index of disk.blocks()) {
    const offset = index * BLOCK_SIZE;
    const length = Math.min(BLOCK_SIZE, size - offset);
    const sha256 = offset + length <= disk.size ? digestOf(join(disk.folder, blockPath(index))) : undefined;
    yield {
      type: 'block',
      offset,
      length,
      ...(sha256 === undefined ? {} : { sha256 }),
      read: (into) => disk.readBlock(index, into),
    };
  }
}
