/** What lies in one MiB of a disk: files, folders and what is kept about them, and which of it is not as on another disk. */
import { BLOCK_SIZE, differingSectors, fileSystemSource, openFileSystem, partitionSource } from '../../disk/index.ts';
import { readPartitions, type BlockSource, type ByteRange, type FileSystem, type Use } from '../../disk/index.ts';
import { printable } from '../../report/printable.ts';
import type { DiskIndex } from './disk-index.ts';
import type { PageUse } from './protocol.ts';
import type { FilePart } from './trail.ts';

/** A disk, what its places are used for, and the disk that it is compared with. */
export interface Indexed {
  readonly disk: BlockSource;
  readonly other?: BlockSource | undefined;
  readonly index: DiskIndex;
}

/** A use, with how much of it lies in the cell, and how much of that differs. */
export interface CellUse extends Omit<PageUse, 'trail'> {
  /** Of a file. */
  readonly file?: FileInCell;
}

/** A file that has bytes in a cell. */
interface FileInCell {
  readonly partition: number | undefined;
  readonly name: string;
  /** Those of its bytes that lie there and differ; where nothing is compared, all that lie there. */
  readonly ranges: readonly ByteRange[];
}

/** The uses of a cell, what differs first. `region` is what lies there where no file does. */
export function usesInCell({ disk, other, index }: Indexed, cell: number, output: string, region: string): CellUse[] {
  const range = cellRange(disk, cell);
  const changes = other && [...differingSectors(other, disk, range)];
  const own = index.uses.inBlock(cell);
  const grouped = Map.groupBy(own, ({ partition, kind, name }) => `${partition} ${kind} ${name}`);
  const found = [...grouped.values()].map((uses): CellUse => {
    const [use] = uses as [Use];
    const parts = coveredBy(uses, range);
    return { ...toldOf(use, output), ...countedIn(parts, changes), ...fileOf(use, parts, changes ?? [range]) };
  });
  const rest = without(range, own);
  const free = own.some(({ partition }) => partition !== undefined) ? 'free space, in no file' : region;
  const left: CellUse = { kind: 'other', name: free, ...countedIn(rest, changes) };
  const isTold = changes ? left.changed! > 0 : found.length === 0;
  const rank = { file: 0, folder: 1, metadata: 2, other: 3 };
  return [...found, ...(isTold ? [left] : [])].sort(
    (a, b) => (b.changed ?? 0) - (a.changed ?? 0) || rank[a.kind] - rank[b.kind] || b.bytes - a.bytes,
  );
}

/** The file that a use is about; undefined where it is about none, or it cannot be read. */
export function filePart(disk: BlockSource, { file }: CellUse): FilePart | undefined {
  if (!file) return undefined;
  const path = `/${file.name}`;
  try {
    const files = fileSystemOf(disk, file.partition);
    // A long symlink has blocks as well; where it leads, other bytes lie.
    if (files.find(path)?.type !== 'file') return undefined;
    const content = files.file(path);
    return { path, content, ranges: file.ranges.flatMap((range) => cut(range, content.size)) };
  } catch {
    // What is damaged there has been told.
    return undefined;
  }
}

function fileSystemOf(disk: BlockSource, number: number | undefined): FileSystem {
  const partition = readPartitions(disk)?.partitions.find((one) => one.number === number);
  return openFileSystem(fileSystemSource(partition ? partitionSource(disk, partition) : disk), 'it');
}

function toldOf({ kind, name, partition }: Use, output: string): Pick<PageUse, 'kind' | 'name' | 'at'> {
  const where = partition === undefined ? [] : [`p${partition}`];
  const told = { kind, name: printable(kind === 'metadata' ? name : `/${name}`) };
  return kind === 'metadata' ? told : { ...told, at: [output, ...where, ...name.split('/').filter(Boolean)] };
}

/** What a use has of a range of a disk. */
interface Part extends ByteRange {
  readonly use: Use;
}

/** Which bytes of a file lie in some ranges. */
function fileOf(
  { kind, name, partition }: Use,
  parts: readonly Part[],
  ranges: readonly ByteRange[],
): Pick<CellUse, 'file'> {
  if (kind !== 'file') return {};
  const inFile = [...shared(parts, ranges)].map(({ of: { use }, offset, length }): ByteRange => {
    return { offset: (use.offset ?? 0) + offset - use.start, length };
  });
  return { file: { partition, name, ranges: inFile } };
}

/** The last block of a file can be longer than it. */
function cut({ offset, length }: ByteRange, size: number): ByteRange[] {
  return offset < size ? [{ offset, length: Math.min(length, size - offset) }] : [];
}

function countedIn(
  parts: readonly ByteRange[],
  changes: readonly ByteRange[] | undefined,
): Pick<PageUse, 'bytes' | 'changed'> {
  const sum = (ranges: Iterable<ByteRange>): number => {
    let bytes = 0;
    for (const { length } of ranges) bytes += length;
    return bytes;
  };
  return { bytes: sum(parts), ...(changes ? { changed: sum(shared(parts, changes)) } : {}) };
}

/** What two lists of ranges have in common; in each they ascend and do not overlap. */
function* shared<One extends ByteRange>(
  some: readonly One[],
  others: readonly ByteRange[],
): Generator<ByteRange & { readonly of: One }> {
  for (let at = 0, next = 0; at < some.length && next < others.length;) {
    const [one, other] = [some[at]!, others[next]!];
    const end = one.offset + one.length;
    const both = common({ start: one.offset, end }, other);
    if (both) yield { ...both, of: one };
    if (end < other.offset + other.length) at++;
    else next++;
  }
}

/** What uses have of a range, each byte once. They ascend by their starts; those of damaged disks can overlap. */
function coveredBy(uses: readonly Use[], range: ByteRange): Part[] {
  const covered: Part[] = [];
  let at = range.offset;
  for (const use of uses) {
    const here = common({ start: Math.max(use.start, at), end: use.end }, range);
    if (!here) continue;
    covered.push({ ...here, use });
    at = here.offset + here.length;
  }
  return covered;
}

function cellRange({ size }: BlockSource, cell: number): ByteRange {
  const offset = cell * BLOCK_SIZE;
  return { offset, length: Math.max(0, Math.min(BLOCK_SIZE, size - offset)) };
}

function common({ start, end }: Pick<Use, 'start' | 'end'>, range: ByteRange): ByteRange | undefined {
  const offset = Math.max(start, range.offset);
  const length = Math.min(end, range.offset + range.length) - offset;
  return length > 0 ? { offset, length } : undefined;
}

/** What of a range belongs to none of the uses, which ascend by their starts. */
function without(range: ByteRange, uses: readonly Use[]): ByteRange[] {
  const left: ByteRange[] = [];
  let at = range.offset;
  for (const use of uses) {
    if (use.start > at) left.push({ offset: at, length: use.start - at });
    at = Math.max(at, use.end);
  }
  const end = range.offset + range.length;
  return at < end ? [...left, { offset: at, length: end - at }] : left;
}
