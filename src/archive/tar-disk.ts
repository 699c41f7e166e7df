/** A tar archive with a disk as its one member: sparse for GNU tar and its relatives, or plain for busybox. */
import { plainHeader, sparseHeader, TAR_BLOCK, TAR_RECORD, type Extent, type TarFile } from './tar-header.ts';
import { padding } from './cpio-format.ts';
import type { BlockPiece, Piece } from './piece.ts';

/** How holes are written: as GNU's sparse map (not read by busybox), or as zeros. */
export type SparseFormat = 'gnu' | 'plain';

/** A block of a disk that holds something: its place in bytes, and its content. */
export interface DataBlock extends BlockPiece {
  readonly offset: number;
}

/**
 * The pieces of the archive, in order. `blocks` are ascending and do not overlap; all else is zero. They are gone through
 * twice: a sparse header tells of all of them.
 */
export function* diskTar(file: TarFile, blocks: Iterable<DataBlock>, format: SparseFormat): Generator<Piece> {
  let written = 0;
  for (const piece of member(file, blocks, format)) {
    written += piece.type === 'bytes' ? piece.bytes.length : piece.length;
    yield piece;
  }
  const end = padding(written, TAR_BLOCK) + 2 * TAR_BLOCK;
  yield { type: 'zeros', length: end + padding(written + end, TAR_RECORD) };
}

/** Runs of data, neighbours joined. */
export function extentsOf(blocks: Iterable<{ readonly offset: number; readonly length: number }>): Extent[] {
  const extents: { offset: number; length: number }[] = [];
  for (const { offset, length } of blocks) {
    const last = extents.at(-1);
    if (last && last.offset + last.length === offset) last.length += length;
    else extents.push({ offset, length });
  }
  return extents;
}

function* member(file: TarFile, blocks: Iterable<DataBlock>, format: SparseFormat): Generator<Piece> {
  if (format === 'gnu') {
    yield { type: 'bytes', bytes: sparseHeader(file, extentsOf(blocks)) };
    yield* blocks;
    return;
  }
  yield { type: 'bytes', bytes: plainHeader(file) };
  yield* diskPieces(file.size, blocks);
}

/** The pieces of a disk as it is, without an archive around it. */
export function* diskPieces(size: number, blocks: Iterable<DataBlock>): Generator<Piece> {
  let at = 0;
  for (const block of blocks) {
    if (block.offset > at) yield { type: 'zeros', length: block.offset - at };
    yield block;
    at = block.offset + block.length;
  }
  if (size > at) yield { type: 'zeros', length: size - at };
}
