/** Reads a disk artifact: any range, or the present blocks in order. Folders are listed only where they are needed. */
import { closeSync, fstatSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fail, Failure } from '../model/diagnostic.ts';
import { checkFolder, isMissing, openFile, readManifest, unreadable, type Links } from './files.ts';
import {
  BLOCKS,
  BLOCK_SIZE,
  GROUP_BLOCKS,
  MANIFEST,
  blockCount,
  blockLength,
  blockPath,
  groupName,
  groupOf,
} from './format.ts';
import { checkRange, readFully, type ByteSource } from './source.ts';

/** An open disk artifact. It holds no open file. */
export interface DiskReader extends ByteSource {
  /** Absolute path of the artifact's folder. */
  readonly folder: string;
  /** Numbers of the groups that have blocks, ascending. */
  groups(): readonly number[];
  /** Indices of the present blocks of one group, ascending. */
  blocksOf(group: number): readonly number[];
  /** Indices of all present blocks, ascending. */
  blocks(): Generator<number>;
  has(index: number): boolean;
  /** Reads bytes of one block from `from` into `target`; zeros where the block is absent. */
  readBlock(index: number, target: Buffer, from?: number): void;
}

/** How a disk is opened. */
export interface OpenOptions {
  /** Followed by default. */
  readonly links?: Links;
}

/** Opens a disk artifact; what is wrong in it is a `DISK_DAMAGED` or `DISK_UNREADABLE` failure that names the file. */
export function openDisk(folder: string, { links = 'followed' }: OpenOptions = {}): DiskReader {
  const root = resolve(folder);
  const size = readManifest(join(root, MANIFEST), links);
  checkFolder(join(root, BLOCKS), links);
  const groups = listGroups(join(root, BLOCKS), size);
  const listed = new Map<number, readonly number[]>();
  const present = new Set<number>();

  const blocksOf = (group: number): readonly number[] => {
    const known = listed.get(group);
    if (known) return known;
    checkFolder(join(root, BLOCKS, groupName(group)), links);
    const indices = groups.has(group) ? listBlocks(join(root, BLOCKS), group, size) : [];
    listed.set(group, indices);
    for (const index of indices) present.add(index);
    return indices;
  };

  const has = (index: number): boolean => {
    blocksOf(groupOf(index));
    return present.has(index);
  };

  const readBlock = (index: number, target: Buffer, from = 0): void => {
    if (has(index)) readPart(join(root, blockPath(index)), blockLength(index, size), target, { from, links });
    else target.fill(0);
  };

  return {
    folder: root,
    size,
    groups: () => [...groups],
    blocksOf,
    *blocks() {
      for (const group of groups) yield* blocksOf(group);
    },
    has,
    readBlock,
    read(offset, length) {
      checkRange(root, size, offset, length);
      const bytes = Buffer.alloc(length);
      eachBlockPart(offset, length, (index, from, part, at) => readBlock(index, bytes.subarray(at, at + part), from));
      return bytes;
    },
  };
}

/** Splits a range at block borders: (block index, offset in the block, bytes, offset in the range). */
export function eachBlockPart(
  offset: number,
  length: number,
  visit: (index: number, from: number, part: number, at: number) => void,
): void {
  for (let at = 0; at < length;) {
    const index = Math.floor((offset + at) / BLOCK_SIZE);
    const from = (offset + at) % BLOCK_SIZE;
    const part = Math.min(BLOCK_SIZE - from, length - at);
    visit(index, from, part, at);
    at += part;
  }
}

function listGroups(folder: string, size: number): ReadonlySet<number> {
  const last = groupOf(blockCount(size) - 1);
  return new Set(listNumbers(folder, /^[0-9a-f]{4}$/, 0, last, { absent: [] }));
}

function listBlocks(blocks: string, group: number, size: number): number[] {
  const first = group * GROUP_BLOCKS;
  const last = Math.min(GROUP_BLOCKS, blockCount(size) - first) - 1;
  const folder = join(blocks, groupName(group));
  const low = listNumbers(folder, /^[0-9a-f]{2}$/, 0, last, {});
  if (low.length === 0) fail('DISK_DAMAGED', `${folder} is empty: a group without blocks must be absent`);
  return low.map((number) => first + number);
}

function listNumbers(folder: string, pattern: RegExp, min: number, max: number, { absent }: { absent?: string[] }) {
  const numbers = names(folder, absent).map((name) => {
    const number = pattern.test(name) ? Number.parseInt(name, 16) : -1;
    if (number < min || number > max)
      fail('DISK_DAMAGED', `${join(folder, name)} is no part of a disk of this size`, {
        detail: `expected names: hexadecimal numbers up to ${max.toString(16)}`,
      });
    return number;
  });
  return numbers.sort((a, b) => a - b);
}

function names(folder: string, absent: string[] | undefined): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (absent && (error as NodeJS.ErrnoException).code === 'ENOENT') return absent;
    if (!isMissing(error)) return unreadable(folder, error);
    return fail('DISK_DAMAGED', `${folder} cannot be listed: ${(error as Error).message}`);
  }
}

function readPart(path: string, length: number, target: Buffer, { from, links }: { from: number; links: Links }): void {
  const descriptor = openBlock(path, links);
  try {
    checkBlockFile(path, fstatSync(descriptor), length);
    const bytes = Math.max(0, Math.min(target.length, length - from));
    readFully(descriptor, target.subarray(0, bytes), from, path);
    target.fill(0, bytes);
  } finally {
    closeSync(descriptor);
  }
}

function openBlock(path: string, links: Links): number {
  try {
    return openFile(path, links);
  } catch (error) {
    if (error instanceof Failure) throw error;
    if (!isMissing(error)) return unreadable(path, error);
    return fail('DISK_DAMAGED', `${path} cannot be opened: ${(error as Error).message}`);
  }
}

function checkBlockFile(path: string, stat: { isFile(): boolean; size: number }, length: number): void {
  if (!stat.isFile()) fail('DISK_DAMAGED', `${path} is not a file`);
  if (stat.size !== length) fail('DISK_DAMAGED', `${path} has ${stat.size} bytes instead of ${length}`);
}
