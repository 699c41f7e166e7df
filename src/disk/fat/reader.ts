/** Reads FAT 12, 16 and 32 without mounting: lists folders, finds files by path, reads them in pieces. */
import { fail } from '../../model/diagnostic.ts';
import { checkRange, type ByteSource } from '../source.ts';
import { directoryRecords, isLabel, parseDirectory, toEntry, type FatEntry } from './directory.ts';
import { clusterTable, damagedFat, readGeometry, type FatType } from './volume.ts';

/** A file or folder with its path, `/`-separated and without a leading one. */
export interface FatPath extends FatEntry {
  readonly path: string;
}

/** A directory entry as it lies on disk, with its path. */
export interface FatRecord {
  readonly path: string;
  readonly record: Buffer;
  /** Of a file. */
  readonly content?: () => ByteSource;
}

/** An open FAT file system. Names are compared without case, as FAT does. */
export interface FatVolume {
  readonly type: FatType;
  /** The directory entry of everything, 32 bytes each, by path; that of the volume's label, too. `.` and `..` are left out. */
  records(): Generator<FatRecord>;
  /** What is in a folder, in the order on disk. */
  list(path?: string): readonly FatEntry[];
  /** All files and folders, a folder before its content. */
  walk(): Generator<FatPath>;
  /** The file or folder at a path, or undefined. */
  find(path: string): FatEntry | undefined;
  /** A file's content. Fails with `FILE_NOT_FOUND` and the names that are there. */
  file(path: string): ByteSource;
}

/** A run of clusters that follow each other on the volume; bytes. */
interface Run {
  readonly start: number;
  readonly length: number;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

const MAX_DIRECTORY = 65_536 * 32;
/** As in ext4; nothing legal is longer than 260 characters. */
const MAX_PATH = 4096;
/** Stands for the path of the volume's label, which no file can have. */
export const VOLUME_LABEL = '/';

/** Opens a FAT file system. Damage is a `FAT_DAMAGED` failure wherever it is met. */
export function openFat(source: ByteSource): FatVolume {
  const geometry = readGeometry(source);
  const { type, clusterSize, clusterCount, dataOffset } = geometry;
  const follow = clusterTable(source, geometry);

  /** The clusters of a chain; one that leaves the volume or bites its tail is damage. */
  function* chain(first: number, what: string): Generator<number> {
    const isOnCircle = circleFinder();
    for (let cluster: number | undefined = first; cluster !== undefined; cluster = follow(cluster)) {
      if (cluster < 2 || cluster >= clusterCount + 2) damagedFat(`${what} starts at cluster ${cluster}, which is none`);
      if (isOnCircle(cluster)) damagedFat(`the clusters of ${what} run in a circle`);
      yield cluster;
    }
  }

  const append = (runs: Mutable<Run>[], cluster: number): void => {
    const start = dataOffset + (cluster - 2) * clusterSize;
    const run = runs.at(-1);
    if (run && run.start + run.length === start) run.length += clusterSize;
    else runs.push({ start, length: clusterSize });
  };

  /** Where the bytes of a file are; a chain that is too short for them is damage. */
  const fileRuns = ({ size, cluster: first }: FatEntry, what: string): Run[] => {
    const runs: Mutable<Run>[] = [];
    let left = size;
    if (left === 0) return runs;
    for (const cluster of chain(first, what)) {
      append(runs, cluster);
      left -= clusterSize;
      if (left <= 0) return runs;
    }
    return damagedFat(`${what} ends ${left} bytes too early`);
  };

  const directoryBytes = (cluster: number, what: string): Buffer => {
    if (cluster === 0 && type !== 32) return source.read(geometry.rootOffset, geometry.rootSize);
    const runs: Mutable<Run>[] = [];
    let size = 0;
    for (const one of chain(cluster === 0 ? geometry.rootCluster : cluster, what)) {
      append(runs, one);
      size += clusterSize;
      if (size > MAX_DIRECTORY) damagedFat(`${what} has more than ${MAX_DIRECTORY} bytes`);
    }
    return Buffer.concat(runs.map((run) => source.read(run.start, run.length)));
  };

  const entriesOf = (cluster: number, what: string) => [...parseDirectory(directoryBytes(cluster, what))];

  const find = (path: string): FatEntry | undefined => {
    let found: FatEntry = { name: '', directory: true, size: 0, cluster: 0 };
    for (const name of splitPath(path)) {
      if (!found.directory) return undefined;
      const wanted = name.toLowerCase();
      const next = entriesOf(found.cluster, found.name || '/').find((entry) => entry.name.toLowerCase() === wanted);
      if (!next) return undefined;
      found = next;
    }
    return found;
  };

  function* walk(cluster: number, path: string, seen: Set<number>): Generator<FatPath> {
    // No folder has two places: one met twice contains itself, or is hostile.
    if (seen.has(cluster)) damagedFat(`the folder /${path} is met twice`);
    seen.add(cluster);
    for (const entry of entriesOf(cluster, `/${path}`)) {
      const below = path === '' ? entry.name : `${path}/${entry.name}`;
      if (below.length > MAX_PATH) damagedFat(`folders are nested too deep: /${below.slice(0, 100)}…`);
      yield { ...entry, path: below };
      if (entry.directory) yield* walk(entry.cluster, below, seen);
    }
  }

  const contentOf = (entry: FatEntry, path: string): ByteSource =>
    runSource(source, fileRuns(entry, path), entry.size, path);

  function* records(): Generator<FatRecord> {
    const folders = [...walk(0, '', new Set())].filter(({ directory }) => directory);
    for (const { path: folder, cluster } of [{ path: '', cluster: 0 }, ...folders])
      for (const { name, record } of directoryRecords(directoryBytes(cluster, `/${folder}`))) {
        if (name === '.' || name === '..') continue;
        if (isLabel(record)) yield { path: VOLUME_LABEL, record };
        else {
          const entry = toEntry(record, name);
          const path = folder === '' ? name : `${folder}/${name}`;
          yield { path, record, ...(entry.directory ? {} : { content: () => contentOf(entry, path) }) };
        }
      }
  }

  return {
    type,
    find,
    records,
    walk: () => walk(0, '', new Set()),
    list(path = '/') {
      const folder = find(path);
      if (!folder?.directory) return fail('FILE_NOT_FOUND', `there is no folder ${path} in the FAT`);
      return entriesOf(folder.cluster, path);
    },
    file(path) {
      const entry = find(path);
      if (!entry || entry.directory)
        return fail('FILE_NOT_FOUND', `there is no file ${path} in the FAT`, {
          detail: `it has: ${namesOf(entriesOf(0, '/'))}`,
        });
      return contentOf(entry, path);
    },
  };
}

/** Finds that a chain has come back to where it was, without remembering all of it (R. P. Brent, 1980). */
function circleFinder(): (cluster: number) => boolean {
  let [mark, steps, limit] = [-1, 0, 1];
  return (cluster) => {
    if (cluster === mark) return true;
    if (++steps === limit) [mark, steps, limit] = [cluster, 0, limit * 2];
    return false;
  };
}

function namesOf(entries: readonly FatEntry[]): string {
  return entries.map(({ name, directory }) => (directory ? `${name}/` : name)).join(', ');
}

function splitPath(path: string): string[] {
  return path.split('/').filter((name) => name !== '');
}

function runSource(source: ByteSource, runs: readonly Run[], size: number, path: string): ByteSource {
  return {
    size,
    read(offset, length) {
      checkRange(path, size, offset, length);
      const pieces: Buffer[] = [];
      let at = 0;
      for (const run of runs) {
        const from = Math.max(offset, at);
        const to = Math.min(offset + length, at + run.length);
        if (from < to) pieces.push(source.read(run.start + from - at, to - from));
        at += run.length;
      }
      return Buffer.concat(pieces, length);
    },
  };
}
