/** What an archive consists of before compression: runs of bytes that are read when their turn comes, and runs of zeros. */
import { webcrypto } from 'node:crypto';
import { fail } from '../step/index.ts';
import { compressorName, deflateSegment, type Segment } from './segment.ts';
import { segmentMemo, type SegmentMemo } from './segment-memo.ts';

/** A block: its segment is kept. */
export interface BlockPiece {
  readonly type: 'block';
  readonly length: number;
  /** SHA-256 of the content in hex, where it is known; the block is then read only if its segment is not kept. */
  readonly sha256?: string;
  /** Fills the buffer, which has `length` bytes, with the content. */
  readonly read: (into: Buffer) => void;
}

/** A run of bytes of an archive. */
export type Piece =
  /** Bytes in memory: headers and padding. */
  | { readonly type: 'bytes'; readonly bytes: Uint8Array }
  /** Zeros, any number of them. */
  | { readonly type: 'zeros'; readonly length: number }
  | BlockPiece;

/** How pieces are compressed. */
export interface CompressOptions {
  /** 1 to 9, as gzip has it. */
  readonly level: number;
  /** Folder to keep the segments of blocks in; none are kept without. */
  readonly memo: string | undefined;
  /** Told of every block in its turn, with the SHA-256 of its content and whether its segment was kept. */
  readonly onBlock?: (sha256: string, kept: boolean) => void;
}

/** Zeros are compressed in runs of this many bytes, each distinct length once. */
const ZERO_RUN = 1024 * 1024;
/** Segments in work at a time. More would only hold memory: two processors compress. */
const AHEAD = 3;

/** The segments of some pieces, in their order. Blocks are hashed and compressed beside each other. */
export async function* compressPieces(
  pieces: Iterable<Piece>,
  options: CompressOptions,
): AsyncGenerator<Segment, void, undefined> {
  const blocks = new BlockCompressor(options);
  const zeros = new Map<number, Segment>();
  const working: Promise<Result>[] = [];
  const next = async (): Promise<Segment> => {
    const { segment, sha256, kept } = (await working.shift()) ?? unreachable();
    if (sha256 !== undefined) options.onBlock?.(sha256, kept);
    return segment;
  };
  for (const piece of pieces) {
    if (piece.type === 'zeros') {
      while (working.length > 0) yield await next();
      yield* zeroSegments(piece.length, options.level, zeros);
    } else {
      const result = piece.type === 'block' ? blocks.compress(piece) : compressBytes(piece.bytes, options.level);
      // It is waited for in its turn; until then its failure is no unhandled one.
      result.catch(() => undefined);
      working.push(result);
      if (working.length >= AHEAD) yield await next();
    }
  }
  while (working.length > 0) yield await next();
}

/** A segment, and for blocks what `onBlock` is told. */
interface Result {
  readonly segment: Segment;
  readonly sha256?: string;
  readonly kept: boolean;
}

async function compressBytes(bytes: Uint8Array, level: number): Promise<Result> {
  return { segment: await deflateSegment(bytes, level), kept: false };
}

/** Compresses blocks, or finds their segments among the kept ones. A few buffers serve all blocks. */
class BlockCompressor {
  readonly #memo: SegmentMemo | undefined;
  readonly #level: number;
  readonly #free: Buffer<ArrayBuffer>[] = [];

  constructor({ memo, level }: CompressOptions) {
    this.#memo = memo === undefined ? undefined : segmentMemo(memo, compressorName(level));
    this.#level = level;
  }

  async compress(piece: BlockPiece): Promise<Result> {
    const known = piece.sha256 === undefined ? undefined : this.#memo?.get(piece.sha256, piece.length);
    if (piece.sha256 !== undefined && known) return { segment: known, sha256: piece.sha256, kept: true };
    const content = this.#buffer(piece.length);
    try {
      piece.read(content);
      const sha256 = await sha256Of(content);
      if ((piece.sha256 ?? sha256) !== sha256)
        fail('BLOCK_DIGEST', `a block has the digest ${sha256}, not ${piece.sha256}`);
      return await this.#compress(content, sha256);
    } finally {
      this.#free.push(content);
    }
  }

  #buffer(length: number): Buffer<ArrayBuffer> {
    const index = this.#free.findIndex((buffer) => buffer.length === length);
    return this.#free.splice(index, index < 0 ? 0 : 1)[0] ?? Buffer.allocUnsafe(length);
  }

  async #compress(content: Buffer<ArrayBuffer>, sha256: string): Promise<Result> {
    const kept = this.#memo?.get(sha256, content.length);
    if (kept) return { segment: kept, sha256, kept: true };
    const segment = await deflateSegment(content, this.#level);
    this.#memo?.put(sha256, segment);
    return { segment, sha256, kept: false };
  }
}

/** In a thread of the pool, so that the next block is read meanwhile. */
async function sha256Of(bytes: Buffer<ArrayBuffer>): Promise<string> {
  return Buffer.from(await webcrypto.subtle.digest('SHA-256', bytes)).toString('hex');
}

function unreachable(): never {
  throw new TypeError('a segment was asked for where none is in work');
}

async function* zeroSegments(length: number, level: number, known: Map<number, Segment>) {
  for (let rest = length; rest > 0; rest -= ZERO_RUN) {
    const run = Math.min(rest, ZERO_RUN);
    const segment = known.get(run) ?? (await deflateSegment(Buffer.alloc(run), level));
    known.set(run, segment);
    yield segment;
  }
}
