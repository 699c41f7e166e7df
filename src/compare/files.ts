/** Files, folders and disks in the disk format, by path: the comparison as others ask for it. */
import { closeSync, lstatSync, openSync, readdirSync, readlinkSync, readSync, statSync, type Stats } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dataRanges, fileSource, MANIFEST, openDisk, blockPath, rawBlocks, type BlockSource } from '../disk/index.ts';
import { differingBlocks } from '../disk/compare.ts';
import { BLOCK_SIZE } from '../disk/format.ts';
import { differences, type Surroundings } from './core.ts';
import { compareEntries } from './entries.ts';
import type { Finding, Pair } from './finding.ts';
import { printableName, quote } from './show.ts';
import { Unpacker } from './unpack.ts';

/** How to compare. */
export interface CompareOptions {
  /** Findings at most; 20 by default. */
  readonly limit?: number;
  /** How `xz` is started: program and first arguments. The one on the PATH by default. */
  readonly xz?: readonly string[];
  /** Where compressed content is unpacked; the folder for temporary files by default. */
  readonly scratch?: string;
  readonly signal?: AbortSignal;
}

/** What a comparison found. */
export interface Comparison {
  readonly equal: boolean;
  /** The most telling first. */
  readonly findings: readonly Finding[];
  /** There are more. */
  readonly more: boolean;
}

const DEFAULT_LIMIT = 20;
/** Smaller images are read whole in less time than it takes to ask for their holes. */
const SPARSE_FROM = 64 * 1024 * 1024;

/**
 * Compares two files, or two folders with all that is in them, and says where they differ in the words of their
 * formats. Content, names, symlinks and the executable bit count; times and owners on disk do not.
 */
export async function compareFiles(before: string, after: string, options: CompareOptions = {}): Promise<Comparison> {
  const { limit = DEFAULT_LIMIT, xz = ['xz'], scratch = tmpdir(), signal } = options;
  using unpacker = new Unpacker(scratch, xz, signal);
  const findings: Finding[] = [];
  for await (const finding of pathFindings(before, after, { unpacker, signal })) {
    if (findings.length === limit) return { equal: false, findings, more: true };
    findings.push(finding);
  }
  return { equal: findings.length === 0, findings, more: false };
}

async function* pathFindings(before: string, after: string, around: Surroundings): AsyncGenerator<Finding> {
  const [a, b] = [lstatSync(before), lstatSync(after)];
  // Hard links to one blob of the store.
  if (a.ino === b.ino && a.dev === b.dev) return;
  if (typeOf(a) !== typeOf(b)) return yield { at: [], what: 'type', before: typeOf(a), after: typeOf(b) };
  if (a.isSymbolicLink()) return yield* linkFindings(before, after);
  if (a.isDirectory()) return yield* folderFindings(before, after, around);
  if (!a.isFile()) return;
  if (((a.mode ^ b.mode) & 0o100) !== 0) yield { at: [], what: 'mode', before: modeText(a), after: modeText(b) };
  yield* fileFindings(before, after, around);
}

function* linkFindings(before: string, after: string): Generator<Finding> {
  const [a, b] = [readlinkSync(before), readlinkSync(after)];
  if (a !== b) yield { at: [], what: 'symlink target', before: quote(a), after: quote(b) };
}

async function* folderFindings(before: string, after: string, around: Surroundings): AsyncGenerator<Finding> {
  if (isDisk(before) && isDisk(after))
    return yield* differences(diskPair(openBlocks(before), openBlocks(after)), around);
  const names = (folder: string) =>
    new Map(
      readdirSync(folder)
        .toSorted()
        .map((name) => [name, join(folder, name)]),
    );
  yield* compareEntries('entry', names(before), names(after), async function* (name, a, b) {
    for await (const finding of pathFindings(a, b, around))
      yield { ...finding, at: [printableName(name), ...finding.at] };
  });
}

async function* fileFindings(before: string, after: string, around: Surroundings): AsyncGenerator<Finding> {
  using a = fileSource(before);
  using b = fileSource(after);
  const sparse = a.size >= SPARSE_FROM && a.size === b.size && !isCompressed(before);
  if (!sparse) return yield* differences({ before: a, after: b }, around);
  yield* differences(diskPair(rawBlocks(a, dataRanges(before)), rawBlocks(b, dataRanges(after))), around);
}

/** Only images have holes worth asking for. */
function isCompressed(path: string): boolean {
  const descriptor = openSync(path, 'r');
  const bytes = Buffer.alloc(2);
  readSync(descriptor, bytes, 0, 2, 0);
  closeSync(descriptor);
  return [0x1f8b, 0xfd37, 0x28b5].includes(bytes.readUInt16BE(0));
}

/** Blocks that are known to be equal, or to be holes on both sides, are not read a second time. */
function diskPair(before: BlockSource, after: BlockSource): Pair {
  const differing = [...differingBlocks(before, after)];
  const same = (offset: number, length: number): boolean => {
    const [first, last] = [Math.floor(offset / BLOCK_SIZE), Math.floor((offset + length - 1) / BLOCK_SIZE)];
    const next = differing[lowerBound(differing, first)];
    return next === undefined || next > last;
  };
  return { before, after, same };
}

function lowerBound(ascending: readonly number[], value: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Blocks of the store are told apart by their inodes: equal ones are one file. */
function openBlocks(folder: string): BlockSource {
  const disk = openDisk(folder);
  const block = (index: number): string | undefined => {
    const stats = statSync(join(folder, blockPath(index)), { throwIfNoEntry: false });
    return stats && `${stats.dev}:${stats.ino}`;
  };
  return { ...disk, digests: { block, group: () => undefined } };
}

function isDisk(folder: string): boolean {
  return statSync(join(folder, MANIFEST), { throwIfNoEntry: false })?.isFile() === true;
}

function typeOf(stats: Stats): string {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'folder';
  return stats.isSymbolicLink() ? 'symlink' : 'special file';
}

function modeText({ mode }: Stats): string {
  return (mode & 0o100) === 0 ? 'not executable' : 'executable';
}
