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
  readonly use?: Use;
}

/** The uses of a cell, what differs first. `region` is what lies there where no file does. */
export function usesInCell({ disk, other, index }: Indexed, cell: number, output: string, region: string): CellUse[] {
  const range = cellRange(disk, cell);
  const changes = other && [...differingSectors(other, disk, range)];
  const own = index.uses.inBlock(cell);
  const grouped = Map.groupBy(own, ({ partition, kind, name }) => `${partition} ${kind} ${name}`);
  const found = [...grouped.values()].map((uses): CellUse => {
    const [use] = uses as [Use];
    const parts = uses.map((one) => common(one, range)).filter((one) => one !== undefined);
    return { ...toldOf(use, output), use, ...countedIn(parts, changes) };
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

/** The file that a use is about, with what of it lies in a cell; undefined where it is about none, or it cannot be read. */
export function filePart(disk: BlockSource, use: Use | undefined, cell: number): FilePart | undefined {
  if (use?.kind !== 'file') return undefined;
  try {
    const { files, origin } = fileSystemOf(disk, use.partition);
    const content = files.file(`/${use.name}`);
    for (const { offset, length, at } of content.places?.() ?? []) {
      if (at === undefined) continue;
      const here = common({ start: origin + at, end: origin + at + length }, cellRange(disk, cell));
      if (!here) continue;
      return { path: `/${use.name}`, content, offset: offset + here.offset - origin - at, length: here.length };
    }
  } catch {
    // What is damaged there has been told.
  }
  return undefined;
}

function fileSystemOf(disk: BlockSource, number: number | undefined): { files: FileSystem; origin: number } {
  const partition = readPartitions(disk)?.partitions.find((one) => one.number === number);
  const source = fileSystemSource(partition ? partitionSource(disk, partition) : disk);
  return { files: openFileSystem(source, 'it'), origin: source.origin ?? 0 };
}

function toldOf({ kind, name, partition }: Use, output: string): Pick<PageUse, 'kind' | 'name' | 'at'> {
  const where = partition === undefined ? [] : [`p${partition}`];
  const told = { kind, name: printable(kind === 'metadata' ? name : `/${name}`) };
  return kind === 'metadata' ? told : { ...told, at: [output, ...where, ...name.split('/').filter(Boolean)] };
}

function countedIn(
  parts: readonly ByteRange[],
  changes: readonly ByteRange[] | undefined,
): Pick<PageUse, 'bytes' | 'changed'> {
  const bytes = parts.reduce((sum, { length }) => sum + length, 0);
  if (!changes) return { bytes };
  const shared = parts.flatMap((part) =>
    changes.map((change) => common({ start: part.offset, end: part.offset + part.length }, change)?.length ?? 0),
  );
  return { bytes, changed: shared.reduce((sum, one) => sum + one, 0) };
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
