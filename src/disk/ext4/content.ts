/** The bytes of a file of an ext file system, wherever its blocks are. */
import { fail } from '../../model/diagnostic.ts';
import { bufferSource, checkRange, type ByteSource, type FileContent, type Place } from '../source.ts';
import { blockMap, readBlocks, type BlockMap } from './block-map.ts';
import { inlineContent } from './inline-data.ts';
import { INODE_FLAG, type ExtGeometry, type Inode } from './volume.ts';

/** What an inode holds; `what` names it in failures. */
export function contentOf(source: ByteSource, geometry: ExtGeometry, inode: Inode, what: string): FileContent {
  if ((inode.flags & INODE_FLAG.encrypted) !== 0) fail('EXT4_UNSUPPORTED', `${what} is encrypted`);
  if ((inode.flags & INODE_FLAG.inlineData) !== 0) return bufferSource(inlineContent(inode), what);
  return new ScatteredFile(source, geometry, inode, what);
}

/** A file whose blocks are scattered; holes read as zeros. */
class ScatteredFile implements FileContent {
  readonly size: number;
  readonly #source: ByteSource;
  readonly #geometry: ExtGeometry;
  readonly #map: BlockMap;
  readonly #what: string;

  constructor(source: ByteSource, geometry: ExtGeometry, inode: Inode, what: string) {
    this.size = inode.size;
    this.#source = source;
    this.#geometry = geometry;
    this.#map = blockMap(source, geometry, inode);
    this.#what = what;
  }

  *places(): Generator<Place> {
    const { blockSize } = this.#geometry;
    for (let offset = 0; offset < this.size;) {
      const { physical, count } = this.#map(offset / blockSize);
      const length = Math.min(count * blockSize, this.size - offset);
      yield { offset, length, ...(physical === undefined ? {} : { at: physical * blockSize }) };
      offset += length;
    }
  }

  read(offset: number, length: number): Buffer {
    checkRange(this.#what, this.size, offset, length);
    const { blockSize } = this.#geometry;
    const bytes = Buffer.alloc(length);
    for (let at = 0; at < length;) {
      const logical = Math.floor((offset + at) / blockSize);
      const from = (offset + at) % blockSize;
      const { physical, count } = this.#map(logical);
      const part = Math.min(length - at, count * blockSize - from);
      if (physical !== undefined) {
        const blocks = Math.ceil((from + part) / blockSize);
        readBlocks(this.#source, this.#geometry, physical, blocks, this.#what).copy(bytes, at, from, from + part);
      }
      at += part;
    }
    return bytes;
  }
}
