/** Disk artifacts from and to raw files. One block is in memory, one file open; holes cost nothing and stay holes. */
import { closeSync, fstatSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fail } from '../model/diagnostic.ts';
import { editDisk, type EditSummary } from './editor.ts';
import type { QemuExtent } from './extents.ts';
import {
  BLOCK_SIZE,
  MANIFEST,
  blockCount,
  blockLength,
  blockPath,
  checkDiskSize,
  formatManifest,
  isZero,
} from './format.ts';
import { openDisk } from './reader.ts';
import { createRaw } from './sink.ts';
import { fileSource, readFully, sliceSource } from './source.ts';

/** Options of `rawToDisk`. */
export interface RawOptions {
  /** Ranges that may hold data, ascending, from `parseQemuMap`; without them every block is read. */
  readonly extents?: readonly Pick<QemuExtent, 'start' | 'length' | 'zero'>[];
  /** Called now and then with 0 to 100. */
  readonly progress?: (percent: number) => void;
}

/** Makes a disk artifact of a raw image. The same bytes give the same files, wherever the holes lie. */
export function rawToDisk(raw: string, to: string, { extents, progress }: RawOptions = {}): EditSummary {
  const descriptor = openSync(raw, 'r');
  try {
    const size = fstatSync(descriptor).size;
    checkDiskSize(size);
    mkdirSync(to);
    const buffer = Buffer.alloc(BLOCK_SIZE);
    let written = 0;
    for (const index of extents ? candidateBlocks(extents, size) : allBlocks(size)) {
      if (index % 1024 === 0) progress?.((100 * index) / blockCount(size));
      const bytes = readFully(descriptor, buffer.subarray(0, blockLength(index, size)), index * BLOCK_SIZE, raw);
      if (isZero(bytes)) continue;
      const path = join(to, blockPath(index));
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, bytes);
      written++;
    }
    writeFileSync(join(to, MANIFEST), formatManifest(size));
    return { size, written, linked: 0 };
  } finally {
    closeSync(descriptor);
  }
}

/** Writes a disk artifact as a sparse raw file, which must not exist. */
export function diskToRaw(folder: string, raw: string, progress?: (percent: number) => void): void {
  const disk = openDisk(folder);
  using file = createRaw(raw, disk.size);
  const buffer = Buffer.alloc(BLOCK_SIZE);
  for (const index of disk.blocks()) {
    if (index % 1024 === 0) progress?.((100 * index * BLOCK_SIZE) / disk.size);
    const bytes = buffer.subarray(0, blockLength(index, disk.size));
    disk.readBlock(index, bytes);
    file.write(index * BLOCK_SIZE, bytes);
  }
}

/** What a virtual machine left behind: an uncompressed qcow2 overlay and its map, over a disk artifact. */
export interface Overlay {
  readonly base: string;
  readonly overlay: string;
  readonly map: readonly QemuExtent[];
  readonly to: string;
}

/** Makes the disk that an overlay shows. Reads only the overlay's own clusters; the rest is linked to the base. */
export function overlayToDisk({ base, overlay, map, to }: Overlay): EditSummary {
  const last = map.at(-1);
  const edit = editDisk({ from: base, to, ...(last ? { size: last.start + last.length } : {}) });
  using file = fileSource(overlay);
  for (const { start, length, depth, present, zero, data, offset } of map) {
    if (depth !== 0 || !present) continue;
    if (zero) edit.zero(start, length);
    else if (offset !== undefined) {
      // Behind its end, the file of an overlay is zero.
      const there = Math.max(0, Math.min(length, file.size - offset));
      if (there > 0) edit.splice(sliceSource(file, offset, there, overlay), start);
      if (there < length) edit.zero(start + there, length - there);
    } else if (data)
      fail('QEMU_MAP', `${overlay} holds compressed clusters at byte ${start}: they cannot be read in place`);
  }
  return edit.finish();
}

function* allBlocks(size: number): Generator<number> {
  for (let index = 0; index < blockCount(size); index++) yield index;
}

function* candidateBlocks(extents: NonNullable<RawOptions['extents']>, size: number): Generator<number> {
  let next = 0;
  for (const { start, length, zero } of extents) {
    if (zero || length === 0) continue;
    const end = Math.min(blockCount(size), Math.ceil((start + length) / BLOCK_SIZE));
    for (next = Math.max(next, Math.floor(start / BLOCK_SIZE)); next < end; next++) yield next;
  }
}
