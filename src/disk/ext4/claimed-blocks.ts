/** Which blocks of a file system have been counted: none belongs to two files, so whoever claims one twice is hostile. */

/** Blocks that one piece of the set has, and bytes of that piece. */
const PER_PIECE = 2 ** 15;
const PIECE_BYTES = PER_PIECE / 8;

/** A set of block numbers that takes memory only where there are some. */
export class ClaimedBlocks {
  readonly #pieces = new Map<number, Uint8Array>();

  /** Claims blocks; false, and nothing is claimed, where one of them is taken. */
  claim(first: number, count = 1): boolean {
    for (let block = first; block < first + count; block++) if (this.#has(block)) return false;
    for (let block = first; block < first + count; block++) this.#add(block);
    return true;
  }

  #has(block: number): boolean {
    const piece = this.#pieces.get(Math.floor(block / PER_PIECE));
    return piece !== undefined && (piece[(block % PER_PIECE) >>> 3]! & (1 << (block & 7))) !== 0;
  }

  #add(block: number): void {
    const index = Math.floor(block / PER_PIECE);
    let piece = this.#pieces.get(index);
    if (!piece) this.#pieces.set(index, (piece = new Uint8Array(PIECE_BYTES)));
    piece[(block % PER_PIECE) >>> 3]! |= 1 << (block & 7);
  }
}
