/** Makes a disk from another one (or from nothing): touches the blocks that change and links the others. */
import {
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fail } from '../model/diagnostic.ts';
import {
  BLOCKS,
  BLOCK_SIZE,
  GROUP_BLOCKS,
  MANIFEST,
  blockCount,
  blockLength,
  blockPath,
  checkDiskSize,
  formatManifest,
  groupName,
  groupOf,
  isZero,
} from './format.ts';
import { eachBlockPart, openDisk, type DiskReader } from './reader.ts';
import { checkRange, type ByteSource } from './source.ts';

/** What an edit is made from and where it goes. */
export interface EditOptions {
  /** Folder of the disk to start from; an empty disk by default. It is never written to. */
  readonly from?: string;
  /** Folder of the disk to make; it must not exist. */
  readonly to: string;
  /** Bytes; the size of `from` by default. A smaller size cuts the disk, a larger one appends zeros. */
  readonly size?: number;
}

/** What an edit cost. */
export interface EditSummary {
  readonly size: number;
  /** Blocks written as files of their own. */
  readonly written: number;
  /** Links to blocks and to whole groups of the inputs. */
  readonly linked: number;
}

/**
 * Where a changed block's content is: in a file of the output, nowhere as it is zero, or in another disk.
 * A block without an entry is the base's.
 */
type Change = 'written' | 'zero' | { readonly disk: DiskReader; readonly index: number };

/** Starts an edit. Nothing counts before `finish` has returned. */
export function editDisk(options: EditOptions): DiskEditor {
  return new DiskEditor(options);
}

/** An edit under way: reads show what was written. One block is held in memory. */
export class DiskEditor implements ByteSource {
  readonly size: number;
  readonly #base: DiskReader | undefined;
  readonly #to: string;
  readonly #changes = new Map<number, Change>();
  readonly #bytes = Buffer.alloc(BLOCK_SIZE);
  #held = -1;
  #dirty = false;

  constructor({ from, to, size }: EditOptions) {
    this.#base = from === undefined ? undefined : openDisk(from);
    this.#to = resolve(to);
    this.size = size ?? this.#base?.size ?? fail('DISK_SIZE', 'a new disk needs a size');
    checkDiskSize(this.size);
    mkdirSync(this.#to);
    this.#fitLastBlock();
  }

  read(offset: number, length: number): Buffer {
    checkRange(this.#to, this.size, offset, length);
    const bytes = Buffer.alloc(length);
    eachBlockPart(offset, length, (index, from, part, at) => this.#hold(index).copy(bytes, at, from, from + part));
    return bytes;
  }

  write(offset: number, bytes: Uint8Array): void {
    checkRange(this.#to, this.size, offset, bytes.length);
    eachBlockPart(offset, bytes.length, (index, from, part, at) => {
      this.#hold(index, part === blockLength(index, this.size)).set(bytes.subarray(at, at + part), from);
      this.#dirty = true;
    });
  }

  /** Makes a range zero; blocks that vanish cost nothing. */
  zero(offset: number, length: number): void {
    checkRange(this.#to, this.size, offset, length);
    const first = Math.ceil(offset / BLOCK_SIZE);
    const end = offset + length === this.size ? blockCount(this.size) : Math.floor((offset + length) / BLOCK_SIZE);
    if (first >= end) return this.#zeroPart(offset, length);
    this.#zeroPart(offset, first * BLOCK_SIZE - offset);
    for (const index of this.#present(first, end)) this.#set(index, 'zero');
    if (end * BLOCK_SIZE < offset + length) this.#zeroPart(end * BLOCK_SIZE, offset + length - end * BLOCK_SIZE);
  }

  /** Writes a file system image or any other source at an offset. Blocks of an aligned disk are linked, not copied. */
  splice(source: ByteSource | DiskReader, offset: number): void {
    checkRange(this.#to, this.size, offset, source.size);
    eachBlockPart(offset, source.size, (index, _from, part, at) => {
      const whole = part === blockLength(index, this.size) && part === Math.min(BLOCK_SIZE, source.size - at);
      const aligned = whole && at % BLOCK_SIZE === 0 && 'readBlock' in source;
      if (aligned) this.#link(index, source, at / BLOCK_SIZE);
      else this.write(offset + at, source.read(at, part));
    });
  }

  /** Writes what is still held, links what did not change, and the manifest last. */
  finish(): EditSummary {
    this.#release();
    const changed = Map.groupBy(this.#changes.keys(), groupOf);
    let linked = 0;
    for (const group of this.#base?.groups() ?? [])
      linked += changed.has(group) || !this.#fits(group) ? this.#linkBlocks(group) : this.#linkGroup(group);
    let written = 0;
    for (const [index, change] of this.#changes) {
      if (change === 'written') written++;
      else if (change !== 'zero') linked += this.#symlink(blockPath(index), change.disk, blockPath(change.index));
    }
    writeFileSync(join(this.#to, MANIFEST), formatManifest(this.size));
    return { size: this.size, written, linked };
  }

  /** A base of another size: its last block, or the new last one, changes its length. */
  #fitLastBlock(): void {
    const base = this.#base;
    if (!base || base.size === this.size) return;
    const last = blockCount(Math.min(base.size, this.size)) - 1;
    if (blockLength(last, base.size) === blockLength(last, this.size) || !base.has(last)) return;
    this.#hold(last);
    this.#dirty = true;
  }

  #zeroPart(offset: number, length: number): void {
    eachBlockPart(offset, length, (index, from, part) => {
      this.#hold(index).fill(0, from, from + part);
      this.#dirty = true;
    });
  }

  /** Makes a block the one in memory. Its old content is not read where it will be overwritten whole. */
  #hold(index: number, overwrite = false): Buffer {
    if (this.#held === index) return this.#bytes;
    this.#release();
    if (!overwrite) this.#load(index);
    this.#held = index;
    return this.#bytes;
  }

  #load(index: number): void {
    const change = this.#changes.get(index);
    const bytes = this.#bytes.subarray(0, blockLength(index, this.size));
    if (change === 'zero') bytes.fill(0);
    else if (change === 'written') readFileSync(join(this.#to, blockPath(index))).copy(bytes);
    else if (change) change.disk.readBlock(change.index, bytes);
    else if (this.#baseHas(index)) this.#base?.readBlock(index, bytes);
    else bytes.fill(0);
  }

  #release(): void {
    if (this.#dirty) this.#store(this.#held);
    this.#dirty = false;
    this.#held = -1;
  }

  #store(index: number): void {
    const bytes = this.#bytes.subarray(0, blockLength(index, this.size));
    if (isZero(bytes)) return this.#set(index, 'zero');
    if (this.#equalsBase(index, bytes)) return this.#set(index, undefined);
    const path = join(this.#to, blockPath(index));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
    this.#changes.set(index, 'written');
  }

  #equalsBase(index: number, bytes: Buffer): boolean {
    if (!this.#base || !this.#baseHas(index) || blockLength(index, this.#base.size) !== bytes.length) return false;
    const before = Buffer.alloc(bytes.length);
    this.#base.readBlock(index, before);
    return before.equals(bytes);
  }

  #link(index: number, disk: DiskReader, from: number): void {
    this.#set(index, disk.has(from) ? { disk, index: from } : 'zero');
  }

  /** Replaces a block's entry, and what is in memory or on disk of an earlier one. */
  #set(index: number, change: Exclude<Change, 'written'> | undefined): void {
    if (this.#held === index) {
      this.#held = -1;
      this.#dirty = false;
    }
    if (this.#changes.get(index) === 'written') this.#remove(index);
    if (change === undefined || (change === 'zero' && !this.#baseHas(index))) this.#changes.delete(index);
    else this.#changes.set(index, change);
  }

  #remove(index: number): void {
    const path = join(this.#to, blockPath(index));
    rmSync(path);
    removeIfEmpty(dirname(path));
    removeIfEmpty(join(this.#to, BLOCKS));
  }

  /** Blocks in a range of indices that may hold something; looks only at what exists. */
  #present(first: number, end: number): Set<number> {
    const inRange = (index: number) => index >= first && index < end;
    const found = new Set([...this.#changes.keys(), this.#held].filter(inRange));
    for (const group of this.#base?.groups() ?? []) {
      if (group < groupOf(first) || group > groupOf(end - 1)) continue;
      for (const index of this.#base?.blocksOf(group) ?? []) if (inRange(index)) found.add(index);
    }
    return found;
  }

  #baseHas(index: number): boolean {
    return this.#base?.has(index) ?? false;
  }

  /** True if no block of a group lies behind the end of a disk that was cut. */
  #fits(group: number): boolean {
    return !this.#base || this.#base.size <= this.size || (group + 1) * GROUP_BLOCKS <= blockCount(this.size);
  }

  #linkGroup(group: number): number {
    const path = `${BLOCKS}/${groupName(group)}`;
    return this.#base ? this.#symlink(path, this.#base, path) : 0;
  }

  #linkBlocks(group: number): number {
    let linked = 0;
    for (const index of this.#base?.blocksOf(group) ?? []) {
      if (this.#changes.has(index) || index >= blockCount(this.size)) continue;
      if (this.#base) linked += this.#symlink(blockPath(index), this.#base, blockPath(index));
    }
    return linked;
  }

  #symlink(path: string, disk: DiskReader, target: string): number {
    const link = join(this.#to, path);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(placeOf(disk, target), link);
    return 1;
  }
}

/** Where a group or block of a disk lies. A disk that was edited is links itself: they are never linked to. */
function placeOf(disk: DiskReader, path: string): string {
  return path.split('/').reduce((folder, name) => behindLink(join(folder, name)), disk.folder);
}

function behindLink(path: string): string {
  return lstatSync(path).isSymbolicLink() ? resolve(dirname(path), readlinkSync(path)) : path;
}

function removeIfEmpty(folder: string): void {
  if (readdirSync(folder).length === 0) rmdirSync(folder);
}
