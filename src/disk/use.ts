/** What the bytes of a disk are used for. */
import { BLOCK_SIZE } from './format.ts';

/** A stretch of bytes with one use. */
export interface Use {
  /** Bytes from the start of the disk, or of the file system that tells of it. */
  readonly start: number;
  readonly end: number;
  /** The content of a file or folder, or what is kept about files, partitions or arrays. */
  readonly kind: 'file' | 'folder' | 'metadata';
  /** The path of a file or folder, without a leading slash; what metadata is, for people. */
  readonly name: string;
  /** Where in the file or folder the stretch begins, in bytes. */
  readonly offset?: number;
  /** Number of the partition that it lies in. */
  readonly partition?: number;
}

/** More stretches than this are not remembered: that many are no disk that somebody wants to look at, or hostile. */
const MOST_USES = 400_000;

/** The uses of a disk, to be asked for by place. */
export class UseMap {
  readonly #uses: Use[] = [];
  /** Where the furthest of the uses up to each one ends: hostile ones overlap. */
  #ends: Float64Array | undefined;
  /** Some were too many. */
  isCut = false;

  /** Uses that go on where the last one of the same name ended, on the disk and in the file, are one. */
  add(use: Use): void {
    const last = this.#uses.at(-1);
    this.#ends = undefined;
    if (last && goesOn(last, use)) this.#uses[this.#uses.length - 1] = { ...last, end: use.end };
    else if (this.#uses.length < MOST_USES) this.#uses.push(use);
    else this.isCut = true;
  }

  get size(): number {
    return this.#uses.length;
  }

  /** Those that have bytes of a range, by their start. */
  within(start: number, end: number): Use[] {
    const ends = (this.#ends ??= this.#sort());
    const found: Use[] = [];
    for (let at = firstAbove(ends, start); at < this.#uses.length && this.#uses[at]!.start < end; at++)
      if (this.#uses[at]!.end > start) found.push(this.#uses[at]!);
    return found;
  }

  /** Those that have bytes of a block of 1 MiB. */
  inBlock(index: number): Use[] {
    return this.within(index * BLOCK_SIZE, (index + 1) * BLOCK_SIZE);
  }

  #sort(): Float64Array {
    this.#uses.sort((a, b) => a.start - b.start);
    const ends = new Float64Array(this.#uses.length);
    let furthest = 0;
    for (const [at, { end }] of this.#uses.entries()) ends[at] = furthest = Math.max(furthest, end);
    return ends;
  }
}

function goesOn(last: Use, next: Use): boolean {
  const { start, kind, name, partition } = next;
  const isSame = last.kind === kind && last.name === name && last.partition === partition;
  const offset = last.offset === undefined ? undefined : last.offset + last.end - last.start;
  return isSame && last.end === start && offset === next.offset;
}

/** Index of the first of ascending numbers that is above one. */
function firstAbove(numbers: Float64Array, one: number): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (numbers[middle]! > one) high = middle;
    else low = middle + 1;
  }
  return low;
}
