/** For tests: a disk as what it stands for, a plain sparse file, written with nothing but `pwrite` and `ftruncate`. */
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { sortByCodePoint } from '../step/order.ts';
import type { ByteRange } from './compare.ts';
import { BLOCK_SIZE, blockLength, blockPath, formatManifest } from './format.ts';
import { sha256 } from './model.test-helper.ts';

const ZEROS = Buffer.alloc(BLOCK_SIZE);

export class PlainFile {
  readonly path: string;
  readonly #file: number;
  /** Blocks that were ever written to: what makes looking at all of a sparse file quick. */
  readonly #touched: Set<number>;

  constructor(path: string, size: number, touched: Iterable<number> = []) {
    this.path = path;
    this.#file = openSync(path, 'wx+');
    this.#touched = new Set(touched);
    this.resize(size);
  }

  get size(): number {
    return fstatSync(this.#file).size;
  }

  resize(size: number): void {
    ftruncateSync(this.#file, size);
  }

  write(offset: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;)
      done += writeSync(this.#file, bytes, done, bytes.length - done, offset + done);
    const end = Math.ceil((offset + bytes.length) / BLOCK_SIZE);
    for (let index = Math.floor(offset / BLOCK_SIZE); index < end; index++) this.#touched.add(index);
  }

  /** What lies behind the end is zero. */
  read(offset: number, length: number): Buffer {
    return this.#fill(Buffer.alloc(length), offset);
  }

  /** Indices of the blocks that are not all zero. */
  blocks(): number[] {
    const { size } = this;
    const bytes = Buffer.alloc(BLOCK_SIZE);
    const holdsData = (index: number) =>
      index * BLOCK_SIZE < size && !this.#fill(bytes, index * BLOCK_SIZE).equals(ZEROS);
    return [...this.#touched].filter(holdsData).sort((a, b) => a - b);
  }

  /** The same, as ranges. */
  ranges(): ByteRange[] {
    return this.blocks().map((index) => ({ offset: index * BLOCK_SIZE, length: blockLength(index, this.size) }));
  }

  /** The files that a disk folder of this content must have, with their digests. */
  files(): Map<string, string> {
    const files = this.ranges().map(
      ({ offset, length }) => [blockPath(offset / BLOCK_SIZE), sha256(this.read(offset, length))] as const,
    );
    const manifest = ['disk.json', sha256(Buffer.from(formatManifest(this.size)))] as const;
    return new Map(sortByCodePoint([manifest, ...files], ([path]) => path));
  }

  copy(path: string): PlainFile {
    const copy = new PlainFile(path, this.size, this.#touched);
    for (const { offset, length } of this.ranges()) copy.write(offset, this.read(offset, length));
    return copy;
  }

  #fill(bytes: Buffer, offset: number): Buffer {
    let done = 0;
    for (let count = -1; count !== 0 && done < bytes.length; done += count)
      count = readSync(this.#file, bytes, done, bytes.length - done, offset + done);
    return bytes.fill(0, done);
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}
