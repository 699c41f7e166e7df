/** What an archive consists of before compression: runs of bytes that are read when their turn comes, and runs of zeros. */
import { createHash } from 'node:crypto';
import { compressorName, deflateSegment, type Segment } from './segment.ts';
import { segmentMemo, type SegmentMemo } from './segment-memo.ts';

/** A run of bytes of an archive. */
export type Piece =
  /** Bytes in memory: headers and padding. */
  | { readonly type: 'bytes'; readonly bytes: Uint8Array }
  /** Zeros, any number of them. */
  | { readonly type: 'zeros'; readonly length: number }
  /** A block: its segment is kept. */
  | {
      readonly type: 'block';
      readonly length: number;
      /** SHA-256 of the content in hex, where it is known; the block is then read only if its segment is not kept. */
      readonly sha256?: string;
      /** The content, in a buffer of its own. */
      readonly read: () => Uint8Array;
    };

/** How pieces are compressed. */
export interface CompressOptions {
  /** 1 to 9, as gzip has it. */
  readonly level: number;
  /** Folder to keep the segments of blocks in; none are kept without. */
  readonly memo: string | undefined;
  /** Told of every block, with the SHA-256 of its content and whether its segment was kept. */
  readonly onBlock?: (sha256: string, kept: boolean) => void;
}

/** Zeros are compressed in runs of this many bytes, each distinct length once. */
const ZERO_RUN = 1024 * 1024;
/** Segments in work at a time. More would only hold memory: two processors compress. */
const AHEAD = 3;

/** The segments of some pieces, in their order. Blocks that are not kept are compressed beside each other. */
export async function* compressPieces(
  pieces: Iterable<Piece>,
  options: CompressOptions,
): AsyncGenerator<Segment, void, undefined> {
  const memo = options.memo === undefined ? undefined : segmentMemo(options.memo, compressorName(options.level));
  const zeros = new Map<number, Segment>();
  const working: Promise<Segment>[] = [];
  for (const piece of pieces) {
    if (piece.type === 'zeros') {
      while (working.length > 0) yield (await working.shift())!;
      yield* zeroSegments(piece.length, options.level, zeros);
      continue;
    }
    working.push(piece.type === 'bytes' ? deflateSegment(piece.bytes, options.level) : block(piece, memo, options));
    if (working.length >= AHEAD) yield (await working.shift())!;
  }
  for (const segment of working) yield await segment;
}

async function block(
  piece: Piece & { type: 'block' },
  memo: SegmentMemo | undefined,
  options: CompressOptions,
): Promise<Segment> {
  const content = piece.sha256 === undefined ? piece.read() : undefined;
  const sha256 = piece.sha256 ?? createHash('sha256').update(content!).digest('hex');
  const kept = memo?.get(sha256, piece.length);
  options.onBlock?.(sha256, kept !== undefined);
  if (kept) return kept;
  const segment = await deflateSegment(content ?? piece.read(), options.level);
  memo?.put(sha256, segment);
  return segment;
}

async function* zeroSegments(length: number, level: number, known: Map<number, Segment>) {
  for (let rest = length; rest > 0; rest -= ZERO_RUN) {
    const run = Math.min(rest, ZERO_RUN);
    const segment = known.get(run) ?? (await deflateSegment(Buffer.alloc(run), level));
    known.set(run, segment);
    yield segment;
  }
}
