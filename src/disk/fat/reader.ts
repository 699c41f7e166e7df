/** Reads FAT 12, 16 and 32 without mounting: lists folders, finds files by path, reads them in pieces. */
import { fail } from '../../model/diagnostic.ts';
import type { ByteSource, FileContent } from '../source.ts';
import { ClusterChains } from './chain.ts';
import { RecentFolders, throwDamage, type Folder, type OnDamage } from '../folders.ts';
import { directoryRecords, isLabel, labelIn, parseDirectory, toEntry, type FatEntry } from './directory.ts';
import { damagedFat, readGeometry, type FatGeometry, type FatType } from './volume.ts';

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

const MAX_DIRECTORY = 65_536 * 32;
/** As in ext4; nothing legal is longer than 260 characters. */
const MAX_PATH = 4096;
/** Stands for the path of the volume's label, which no file can have. */
export const VOLUME_LABEL = '/';

/** Opens a FAT file system. Damage is a `FAT_DAMAGED` failure wherever it is met. */
export function openFat(source: ByteSource): FatVolume {
  return new FatVolume(source);
}

/** An open FAT file system. Names are compared without case, as FAT does. */
export class FatVolume {
  readonly #source: ByteSource;
  readonly #geometry: FatGeometry;
  readonly #chains: ClusterChains;
  readonly #recent = new RecentFolders<FatEntry>(({ name }) => name.toLowerCase());

  constructor(source: ByteSource) {
    this.#source = source;
    this.#geometry = readGeometry(source);
    this.#chains = new ClusterChains(source, this.#geometry);
  }

  get type(): FatType {
    return this.#geometry.type;
  }

  /** The label that the root folder gives: the one in the boot sector is a copy that nobody keeps up. */
  label(): string | undefined {
    return labelIn(this.#bytes(0, '/'));
  }

  /** What is in a folder, in the order on disk. */
  list(path = '/', damaged: OnDamage = throwDamage): readonly FatEntry[] {
    return this.#folder(this.#folderAt(path).cluster, splitPath(path).join('/'), damaged).entries;
  }

  /** All files and folders below one, a folder before its content, with paths from there. */
  walk(path = '/', damaged: OnDamage = throwDamage): Generator<FatPath> {
    return this.#walk(this.#folderAt(path).cluster, '', new Set(), damaged);
  }

  /** The directory entry of everything, 32 bytes each, by path; that of the volume's label, too. `.` and `..` are left out. */
  *records(): Generator<FatRecord> {
    const folders = [...this.walk()].filter(({ directory }) => directory);
    for (const { path: folder, cluster } of [{ path: '', cluster: 0 }, ...folders])
      for (const { name, record } of directoryRecords(this.#bytes(cluster, `/${folder}`))) {
        if (name === '.' || name === '..') continue;
        yield isLabel(record) ? { path: VOLUME_LABEL, record } : this.#onDisk(record, name, joined(folder, name));
      }
  }

  /** The file or folder at a path, or undefined. */
  find(path: string): FatEntry | undefined {
    let found: FatEntry = { name: '', directory: true, size: 0, cluster: 0, attributes: 0, modified: '' };
    for (const name of splitPath(path)) {
      if (!found.directory) return undefined;
      const next = this.#folder(found.cluster, found.name, throwDamage).byName.get(name.toLowerCase());
      if (!next) return undefined;
      found = next;
    }
    return found;
  }

  /** A file's content. Fails with `FILE_NOT_FOUND` and the names that are there. */
  file(path: string): FileContent {
    const entry = this.find(path);
    if (!entry || entry.directory)
      return fail('FILE_NOT_FOUND', `there is no file ${path} in the FAT`, {
        detail: `it has: ${namesOf(this.#folder(0, '', throwDamage).entries)}`,
      });
    return this.#content(entry, path);
  }

  #folderAt(path: string): FatEntry {
    const folder = this.find(path);
    return folder?.directory === true ? folder : fail('FILE_NOT_FOUND', `there is no folder ${path} in the FAT`);
  }

  *#walk(cluster: number, path: string, seen: Set<number>, damaged: OnDamage): Generator<FatPath> {
    for (const entry of this.#met(cluster, path, seen, damaged)) {
      const below = joined(path, entry.name);
      yield { ...entry, path: below };
      if (entry.directory) yield* this.#walk(entry.cluster, below, seen, damaged);
    }
  }

  /** The entries of a folder that is met on a walk. */
  #met(cluster: number, path: string, seen: Set<number>, damaged: OnDamage): readonly FatEntry[] {
    try {
      // No folder has two places: one met twice contains itself, or is hostile.
      if (seen.has(cluster)) damagedFat(`the folder /${path} is met twice`);
      if (path.length > MAX_PATH) damagedFat(`folders are nested too deep: /${path.slice(0, 100)}…`);
      seen.add(cluster);
      return this.#folder(cluster, path, damaged).entries;
    } catch (error) {
      damaged(path, error);
      return [];
    }
  }

  /** Of a folder at a path without a leading slash. */
  #folder(cluster: number, path: string, damaged: OnDamage): Folder<FatEntry> {
    return this.#recent.get(cluster, (spoilt) =>
      parseDirectory(this.#bytes(cluster, `/${path}`), this.type, (name, error) => {
        spoilt();
        damaged(joined(path, name), error);
      }),
    );
  }

  /** A folder's bytes; cluster 0 stands for the root. */
  #bytes(cluster: number, what: string): Buffer {
    const { rootOffset, rootSize, rootCluster, clusterSize } = this.#geometry;
    if (cluster === 0 && this.type !== 32) return this.#source.read(rootOffset, rootSize);
    const first = cluster === 0 ? rootCluster : cluster;
    let size = 0;
    for (const _ of this.#chains.clusters(first, what)) {
      size += clusterSize;
      if (size > MAX_DIRECTORY) damagedFat(`${what} has more than ${MAX_DIRECTORY} bytes`);
    }
    return this.#chains.content(first, size, what).read(0, size);
  }

  #onDisk(record: Buffer, name: string, path: string): FatRecord {
    const entry = toEntry(record, name, this.type);
    return { path, record, ...(entry.directory ? {} : { content: () => this.#content(entry, path) }) };
  }

  #content({ cluster, size }: FatEntry, path: string): FileContent {
    return this.#chains.content(cluster, size, path);
  }
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
