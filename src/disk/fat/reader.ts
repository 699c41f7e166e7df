/** Reads FAT 12, 16 and 32 without mounting: lists folders, finds files by path, reads them in pieces. */
import { fail } from '../../model/diagnostic.ts';
import type { ByteSource, FileContent } from '../source.ts';
import { clusterChains } from './chain.ts';
import { RecentFolders, throwDamage, type OnDamage } from '../folders.ts';
import { directoryRecords, isLabel, labelIn, parseDirectory, toEntry, type FatEntry } from './directory.ts';
import { damagedFat, readGeometry, type FatType } from './volume.ts';

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
  /** The label that the root folder gives: the one in the boot sector is a copy that nobody keeps up. */
  label(): string | undefined;
  /** The directory entry of everything, 32 bytes each, by path; that of the volume's label, too. `.` and `..` are left out. */
  records(): Generator<FatRecord>;
  /** What is in a folder, in the order on disk. */
  list(path?: string, damaged?: OnDamage): readonly FatEntry[];
  /** All files and folders below one, a folder before its content, with paths from there. */
  walk(path?: string, damaged?: OnDamage): Generator<FatPath>;
  /** The file or folder at a path, or undefined. */
  find(path: string): FatEntry | undefined;
  /** A file's content. Fails with `FILE_NOT_FOUND` and the names that are there. */
  file(path: string): FileContent;
}

const MAX_DIRECTORY = 65_536 * 32;
/** As in ext4; nothing legal is longer than 260 characters. */
const MAX_PATH = 4096;
/** Stands for the path of the volume's label, which no file can have. */
export const VOLUME_LABEL = '/';

/** Opens a FAT file system. Damage is a `FAT_DAMAGED` failure wherever it is met. */
export function openFat(source: ByteSource): FatVolume {
  const geometry = readGeometry(source);
  const { type, clusterSize } = geometry;
  const chains = clusterChains(source, geometry);

  const directoryBytes = (cluster: number, what: string): Buffer => {
    if (cluster === 0 && type !== 32) return source.read(geometry.rootOffset, geometry.rootSize);
    const first = cluster === 0 ? geometry.rootCluster : cluster;
    let size = 0;
    for (const _ of chains.clusters(first, what)) {
      size += clusterSize;
      if (size > MAX_DIRECTORY) damagedFat(`${what} has more than ${MAX_DIRECTORY} bytes`);
    }
    return chains.content(first, size, what).read(0, size);
  };

  const recent = new RecentFolders<FatEntry>(({ name }) => name.toLowerCase());
  /** Of a folder at a path without a leading slash. */
  const folderOf = (cluster: number, path: string, damaged: OnDamage) =>
    recent.get(cluster, (spoilt) =>
      parseDirectory(directoryBytes(cluster, `/${path}`), type, (name, error) => {
        spoilt();
        damaged(joined(path, name), error);
      }),
    );

  const find = (path: string): FatEntry | undefined => {
    let found: FatEntry = { name: '', directory: true, size: 0, cluster: 0, attributes: 0, modified: '' };
    for (const name of splitPath(path)) {
      if (!found.directory) return undefined;
      const next = folderOf(found.cluster, found.name, throwDamage).byName.get(name.toLowerCase());
      if (!next) return undefined;
      found = next;
    }
    return found;
  };

  const folderAt = (path: string): FatEntry => {
    const folder = find(path);
    return folder?.directory === true ? folder : fail('FILE_NOT_FOUND', `there is no folder ${path} in the FAT`);
  };

  /** The entries of a folder that is met on a walk. */
  const met = (cluster: number, path: string, seen: Set<number>, damaged: OnDamage): readonly FatEntry[] => {
    try {
      // No folder has two places: one met twice contains itself, or is hostile.
      if (seen.has(cluster)) damagedFat(`the folder /${path} is met twice`);
      if (path.length > MAX_PATH) damagedFat(`folders are nested too deep: /${path.slice(0, 100)}…`);
      seen.add(cluster);
      return folderOf(cluster, path, damaged).entries;
    } catch (error) {
      damaged(path, error);
      return [];
    }
  };

  function* walk(cluster: number, path: string, seen: Set<number>, damaged: OnDamage): Generator<FatPath> {
    for (const entry of met(cluster, path, seen, damaged)) {
      const below = joined(path, entry.name);
      yield { ...entry, path: below };
      if (entry.directory) yield* walk(entry.cluster, below, seen, damaged);
    }
  }

  const contentOf = ({ cluster, size }: FatEntry, path: string): FileContent => chains.content(cluster, size, path);

  function* records(): Generator<FatRecord> {
    const folders = [...walk(0, '', new Set(), throwDamage)].filter(({ directory }) => directory);
    for (const { path: folder, cluster } of [{ path: '', cluster: 0 }, ...folders])
      for (const { name, record } of directoryRecords(directoryBytes(cluster, `/${folder}`))) {
        if (name === '.' || name === '..') continue;
        if (isLabel(record)) yield { path: VOLUME_LABEL, record };
        else {
          const entry = toEntry(record, name, type);
          const path = joined(folder, name);
          yield { path, record, ...(entry.directory ? {} : { content: () => contentOf(entry, path) }) };
        }
      }
  }

  return {
    type,
    find,
    records,
    label: () => labelIn(directoryBytes(0, '/')),
    walk: (path = '/', damaged = throwDamage) => walk(folderAt(path).cluster, '', new Set(), damaged),
    list: (path = '/', damaged = throwDamage) =>
      folderOf(folderAt(path).cluster, splitPath(path).join('/'), damaged).entries,
    file(path) {
      const entry = find(path);
      if (!entry || entry.directory)
        return fail('FILE_NOT_FOUND', `there is no file ${path} in the FAT`, {
          detail: `it has: ${namesOf(folderOf(0, '', throwDamage).entries)}`,
        });
      return contentOf(entry, path);
    },
  };
}

function namesOf(entries: readonly FatEntry[]): string {
  return entries.map(({ name, directory }) => (directory ? `${name}/` : name)).join(', ');
}

/** A path without a leading slash; the root is empty. */
function joined(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

function splitPath(path: string): string[] {
  return path.split('/').filter((name) => name !== '');
}
