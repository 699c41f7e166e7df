/** For tests: a disk as plain memory, and a disk folder as the content of its files. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { sortByCodePoint } from '../step/order.ts';
import { BLOCK_SIZE, blockLength, blockPath, formatManifest } from './format.ts';

const ZEROS = Buffer.alloc(BLOCK_SIZE);

/** A sparse disk in memory that knows nothing of links, caches and zero blocks. */
export class ModelDisk {
  readonly blocks = new Map<number, Buffer>();
  size: number;

  constructor(size: number) {
    this.size = size;
  }

  write(offset: number, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const index = Math.floor((offset + at) / BLOCK_SIZE);
      const from = (offset + at) % BLOCK_SIZE;
      const part = Math.min(BLOCK_SIZE - from, bytes.length - at);
      this.#block(index).set(bytes.subarray(at, at + part), from);
      at += part;
    }
  }

  resize(size: number): void {
    const cut = Math.min(size, this.size);
    for (const [index, block] of this.blocks)
      block.fill(0, Math.min(BLOCK_SIZE, Math.max(0, cut - index * BLOCK_SIZE)));
    this.size = size;
  }

  read(offset: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    for (const [index, block] of this.blocks) {
      const at = index * BLOCK_SIZE - offset;
      if (at + BLOCK_SIZE > 0 && at < length) block.copy(bytes, Math.max(0, at), Math.max(0, -at));
    }
    return bytes;
  }

  /** The files that a disk folder of this content must have, with their digests. */
  files(): Map<string, string> {
    const files = new Map([['disk.json', sha256(Buffer.from(formatManifest(this.size)))]]);
    for (const [index, block] of this.blocks) {
      if (index * BLOCK_SIZE >= this.size || block.equals(ZEROS)) continue;
      files.set(blockPath(index), sha256(block.subarray(0, blockLength(index, this.size))));
    }
    return new Map(sortByCodePoint(files, ([path]) => path));
  }

  #block(index: number): Buffer {
    const block = this.blocks.get(index) ?? Buffer.alloc(BLOCK_SIZE);
    this.blocks.set(index, block);
    return block;
  }
}

/** The files of a folder with their digests, links followed; an empty folder counts as a file `name/`. */
export function filesOf(folder: string, below = ''): Map<string, string> {
  const files = readdirSync(join(folder, below)).flatMap((name) => {
    const path = below === '' ? name : `${below}/${name}`;
    if (!statSync(join(folder, path)).isDirectory()) return [[path, sha256(readFileSync(join(folder, path)))] as const];
    const inside = [...filesOf(folder, path)];
    return inside.length > 0 ? inside : [[`${path}/`, ''] as const];
  });
  return new Map(sortByCodePoint(files, ([path]) => path));
}

/** A folder that is gone when the test is. */
export function temporaryFolder(): { path: string; [Symbol.dispose](): void } {
  const path = mkdtempSync(join(tmpdir(), 'dsmb-disk-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** An image made by mtools, mkfs.vfat and sfdisk; `fixtures/README.md` tells how. */
export function fixture(name: string): Buffer {
  return zstdDecompressSync(readFileSync(new URL(`fixtures/${name}.img.zst`, import.meta.url)));
}
