/** From the blocks of a disk to the bytes of an archive, for each format. */
import {
  compressPieces,
  deflateCodec,
  diskPieces,
  diskTar,
  gzip,
  joined,
  qcow2,
  qcow2Codec,
  storedCodec,
  vhd,
  vmdk,
  vmdkCodec,
  xz,
  zstdCodec,
  type Codec,
  type DataBlock,
  type PlacedSegment,
  type SparseFormat,
} from 'dsmb/archive';
import { fail } from 'dsmb/step';
import { join } from 'node:path';
import type { ArchiveFormat } from './formats.ts';

/** Name of the disk in a tar archive, as Google Cloud wants it. */
export const MEMBER = 'disk.raw';

/** Makes the compressor of `xz`, which starts programs. */
export type XzCodec = (level: number) => Promise<Codec>;

/** A disk as archives see it. */
export interface Image {
  /** Bytes, filled up as the format wants it. */
  readonly size: number;
  /** What is not zero, ascending. Can be gone through again. */
  readonly blocks: Iterable<DataBlock>;
  /** Told of each block once, in order. */
  readonly onBlock: (sha256: string, kept: boolean) => void;
  /** SHA-256 that identifies the content; known once all blocks were told of. */
  readonly root: () => Buffer;
}

/** How to pack. */
export interface EncodeOptions {
  readonly format: ArchiveFormat;
  /** For `tar.gz` only. */
  readonly sparse: SparseFormat;
  /** For formats that compress. */
  readonly level: number;
  /** For `xz` only. */
  readonly xzCodec: XzCodec | undefined;
  /** Folder to keep compressed blocks in. */
  readonly memo: string | undefined;
  /** A folder of one's own. */
  readonly scratch: string;
  /** Seconds since 1970 to put into the archive. */
  readonly time: number;
}

/** The bytes of the archive. `file` is its name. */
export async function encode(image: Image, file: string, options: EncodeOptions): Promise<AsyncIterable<Uint8Array>> {
  const { size, blocks, onBlock } = image;
  const { format, sparse, level, memo, time } = options;
  const whole = (codec: Codec) => compressPieces(diskPieces(size, blocks), { codec, memo, onBlock });
  switch (format) {
    case 'tar.gz':
    case 'gcp': {
      const tar = diskTar({ name: MEMBER, size, mtime: time }, blocks, format === 'gcp' ? 'gnu' : sparse);
      return gzip(compressPieces(tar, { codec: deflateCodec(level), memo, onBlock }));
    }
    case 'gz':
      return gzip(whole(deflateCodec(level)));
    case 'zst':
      return joined(whole(zstdCodec(level)));
    case 'xz':
      return xz(whole(await compressorOf(options)));
    case 'vhd': {
      const pieces = compressPieces(diskPieces(size, blocks), { codec: storedCodec, onBlock });
      return vhd(pieces, () => ({ size, time, id: image.root() }));
    }
    case 'qcow2':
      return qcow2(size, blocks, segmentsTwice(image, qcow2Codec(level), options));
    case 'vmdk':
      return vmdk(size, file, segmentsTwice(image, vmdkCodec(level), options));
  }
}

function compressorOf({ xzCodec, level }: EncodeOptions): Promise<Codec> {
  return xzCodec?.(level) ?? fail('INTERNAL', 'the step has no compressor for xz');
}

/** Compressed blocks for formats that go through them more than once: the first time makes them, then they are kept. */
function segmentsTwice(image: Image, codec: Codec, { memo, scratch }: EncodeOptions) {
  let first = true;
  return async function* (): AsyncGenerator<PlacedSegment, void, undefined> {
    const told = first ? { onBlock: image.onBlock } : {};
    first = false;
    const segments = compressPieces(image.blocks, { codec, memo: memo ?? join(scratch, 'segments'), ...told });
    const places = image.blocks[Symbol.iterator]();
    for await (const segment of segments) {
      const block = places.next();
      if (!block.done) yield { offset: block.value.offset, segment };
    }
  };
}
