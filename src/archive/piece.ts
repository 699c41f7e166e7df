/** What an archive consists of before compression: runs of bytes that are read when their turn comes, and runs of zeros. */
import { webcrypto } from 'node:crypto';
import { fail } from '../step/index.ts';
import { BufferPool } from './buffer-pool.ts';
import type { Codec, Segment } from './segment.ts';
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
  readonly codec: Codec;
  /** Folder to keep the segments of blocks in; none are kept without. */
  readonly memo?: string | undefined;
  /** Told of every block in its turn, with the SHA-256 of its content and whether its segment was kept. */
  readonly onBlock?: (sha256: string, kept: boolean) => void;
}

/** Zeros are compressed in runs of this many bytes, each distinct length once. */
const ZERO_RUN = 1024 * 1024;
/** Pieces in work at a time. More would only hold memory: two processors compress. */
const AHEAD = 4;

/**
 * The segments of some pieces, in their order: one for each block, none or more for other pieces. Blocks are hashed and
 * compressed beside each other. A segment's bytes stand until the next segment is asked for.
 */
export async function* compressPieces(
  pieces: Iterable<Piece>,
  options: CompressOptions,
): AsyncGenerator<Segment, void, undefined> {
  const compressor = new Compressor(options);
  const working: Promise<Result>[] = [];
  for (const piece of pieces) {
    for (const result of compressor.compress(piece)) {
      // It is waited for in its turn; until then its failure is no unhandled one.
      result.catch(() => undefined);
      working.push(result);
    }
    while (working.length >= AHEAD) yield* compressor.deliver(await working.shift());
  }
  while (working.length > 0) yield* compressor.deliver(await working.shift());
}

/** A segment that comes a number of times, and for blocks what `onBlock` is told. */
interface Result {
  readonly segment: Segment;
  readonly times: number;
  readonly block?: { readonly sha256: string; readonly kept: boolean };
  /** The buffer that the segment lies in, where it is one of the pool's. */
  readonly buffer?: Buffer<ArrayBuffer>;
}

/** Compresses pieces, or finds their segments among the kept ones. A few buffers serve all blocks. */
class Compressor {
  readonly #memo: SegmentMemo | undefined;
  readonly #codec: Codec;
  readonly #onBlock: CompressOptions['onBlock'];
  readonly #buffers = new BufferPool();
  readonly #take = (length: number): Buffer<ArrayBuffer> => this.#buffers.take(length);
  readonly #zeroSegments = new Map<number, Promise<Segment>>();

  constructor({ memo, codec, onBlock }: CompressOptions) {
    this.#memo = memo === undefined ? undefined : segmentMemo(memo, codec.name);
    this.#codec = codec;
    this.#onBlock = onBlock;
  }

  compress(piece: Piece): Promise<Result>[] {
    switch (piece.type) {
      case 'bytes':
        return [this.#bytes(piece.bytes)];
      case 'block':
        return [this.#block(piece)];
      case 'zeros':
        return this.#zeroRuns(piece.length);
    }
  }

  *deliver(result: Result | undefined): Generator<Segment> {
    if (!result) return;
    if (result.block) this.#onBlock?.(result.block.sha256, result.block.kept);
    for (let time = 0; time < result.times; time++) yield result.segment;
    if (result.buffer) this.#buffers.give(result.buffer);
  }

  async #bytes(bytes: Uint8Array): Promise<Result> {
    return { segment: await this.#codec.encode(bytes), times: 1 };
  }

  #zeroRuns(length: number): Promise<Result>[] {
    const rest = length % ZERO_RUN;
    const runs = [
      { length: ZERO_RUN, times: (length - rest) / ZERO_RUN },
      { length: rest, times: 1 },
    ];
    return runs.filter((run) => run.length * run.times > 0).map((run) => this.#zeros(run.length, run.times));
  }

  async #zeros(length: number, times: number): Promise<Result> {
    const segment = this.#zeroSegments.get(length) ?? this.#codec.encode(Buffer.alloc(length));
    this.#zeroSegments.set(length, segment);
    return { segment: await segment, times };
  }

  async #block(piece: BlockPiece): Promise<Result> {
    const kept = piece.sha256 === undefined ? undefined : this.#kept(piece.sha256, piece.length);
    if (kept) return kept;
    const buffer = this.#buffers.take(piece.length);
    try {
      const content = buffer.subarray(0, piece.length);
      piece.read(content);
      const sha256 = await sha256Of(content);
      if ((piece.sha256 ?? sha256) !== sha256)
        fail('BLOCK_DIGEST', `a block has the digest ${sha256}, not ${piece.sha256}`);
      return this.#kept(sha256, piece.length) ?? (await this.#fresh(content, sha256));
    } finally {
      this.#buffers.give(buffer);
    }
  }

  #kept(sha256: string, length: number): Result | undefined {
    const found = this.#memo?.get(sha256, length, this.#take);
    return found && { ...found, times: 1, block: { sha256, kept: true } };
  }

  async #fresh(content: Buffer, sha256: string): Promise<Result> {
    const segment = await this.#codec.encode(content);
    this.#memo?.put(sha256, segment);
    return { segment, times: 1, block: { sha256, kept: false } };
  }
}

/** In a thread of the pool, so that the next block is read meanwhile. */
async function sha256Of(bytes: Buffer<ArrayBuffer>): Promise<string> {
  return Buffer.from(await webcrypto.subtle.digest('SHA-256', bytes)).toString('hex');
}
