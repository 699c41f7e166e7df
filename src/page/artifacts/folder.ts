/** Folders of all kinds, one name deep at a time: of the store's trees, file systems, partition tables, archives. */
import type { Store } from '../../../cache/store.ts';
import type { Entries, Node } from '../../../cache/tree.ts';
import { cpioMembers, tarMembers } from '../../compare/index.ts';
import {
  partitionSource,
  readPartitions,
  type ByteSource,
  type FileSystem,
  type FileSystemEntry,
} from '../../disk/index.ts';
import { fail } from '../../model/diagnostic.ts';
import { formatDigest } from '../../model/digest.ts';
import { blobSource, diskTree, storedDisk } from '../../report/stored-disk.ts';

/** Something with a name. */
export interface Item {
  readonly type: FileSystemEntry['type'];
  /** Bytes. */
  readonly size?: number;
  readonly target?: string;
  readonly digest?: string;
  /** Mode, owner, attributes, time. */
  readonly properties?: FileSystemEntry['properties'];
  /** Of a folder. */
  readonly folder?: () => Folder;
  /** Of a file. */
  readonly content?: () => ByteSource;
}

/** What holds items. Names come from strangers, and are asked for as they are. */
export interface Folder {
  readonly format?: string;
  entries(): Iterable<readonly [name: string, item: Item]>;
  find(name: string): Item | undefined;
}

/** The outputs of an action, or a folder of one. */
export function treeFolder(store: Store, entries: Entries): Folder {
  const itemOf = (node: Node): Item => {
    if (node.type === 'symlink') return { type: 'symlink', target: node.target };
    const digest = formatDigest(node.digest);
    const tree = diskTree(store, node);
    if (tree) {
      const disk = storedDisk(store, tree);
      return { type: 'file', size: disk.size, digest, content: () => disk };
    }
    if (node.type === 'directory')
      return { type: 'directory', digest, folder: () => treeFolder(store, store.trees.entries(node.digest)) };
    const properties: Item['properties'] = node.executable ? { mode: 'executable' } : {};
    return { type: 'file', size: node.digest.size, digest, properties, content: () => blobSource(store, node.digest) };
  };
  return {
    *entries() {
      for (const [name, node] of entries) yield [name, itemOf(node)];
    },
    find(name) {
      const node = entries.get(name);
      return node && itemOf(node);
    },
  };
}

/** The partitions of a disk, as files named `p1`, `p2`. */
export function partitionFolder(disk: ByteSource): Folder {
  const partitions = readPartitions(disk)?.partitions ?? [];
  const items = partitions.map((partition) => {
    const content = (): ByteSource => partitionSource(disk, partition);
    const properties = { type: partition.type, ...(partition.name ? { name: partition.name } : {}) };
    return [`p${partition.number}`, { type: 'file', size: partition.sectors * 512, properties, content }] as const;
  });
  return {
    format: 'a disk with a partition table',
    entries: () => items,
    find: (name) => new Map<string, Item>(items).get(name),
  };
}

/** A folder of a file system. A name with a slash, or one that leads up, names nothing. */
export function fileSystemFolder(files: FileSystem, format: string, path = ''): Folder {
  const itemOf = (entry: FileSystemEntry): Item => {
    const { name, type, size, target, properties } = entry;
    const below = `${path}/${name}`;
    const common = { type, properties, ...(target === undefined ? {} : { target }) };
    if (type === 'directory') return { ...common, folder: () => fileSystemFolder(files, format, below) };
    return type === 'file' ? { ...common, size, content: () => files.file(below) } : common;
  };
  return {
    ...(path === '' ? { format } : {}),
    *entries() {
      for (const entry of files.list(path === '' ? '/' : path, () => {})) yield [entry.name, itemOf(entry)];
    },
    find(name) {
      if (/^(?:|\.|\.\.)$|\//.test(name)) return undefined;
      const entry = files.find(`${path}/${name}`);
      return entry && itemOf(entry);
    },
  };
}

const CPIO_MODE = { at: 14, digits: 8 } as const;
const TAR_TYPES: Readonly<Record<string, Item['type']>> = {
  '\0': 'file',
  '0': 'file',
  '7': 'file',
  S: 'file',
  '5': 'directory',
  '1': 'symlink',
  '2': 'symlink',
};

/** The members of a cpio archive. */
export function cpioFolder(archive: ByteSource): Folder {
  const items = cpioMembers(archive).flatMap(([path, { header, body }]): (readonly [string, Item])[] => {
    const { at, digits } = CPIO_MODE;
    const mode = Number.parseInt(header.toString('latin1', at, at + digits), 16) || 0x8000;
    const type = ({ 0x8000: 'file', 0x4000: 'directory', 0xa000: 'symlink' } as const)[mode & 0xf000] ?? 'special';
    return path === 'TRAILER!!!' ? [] : [[path, memberOf(type, body, { mode: (mode & 0o7777).toString(8) })]];
  });
  return archiveFolder(items, 'a cpio archive');
}

/** The members of a tar archive. */
export function tarFolder(archive: ByteSource): Folder {
  const items = tarMembers(archive).map(({ path, header, pax, body }): readonly [string, Item] => {
    const type = TAR_TYPES[String.fromCharCode(header[156] ?? 0)] ?? 'special';
    const target = pax.get('linkpath') ?? header.toString('utf8', 157, 257).replace(/\0.*$/s, '');
    const item = memberOf(type, body, { mode: header.toString('latin1', 100, 107).replace(/^0+(?=.)/, '') });
    return [path, type === 'symlink' ? { ...item, target } : item];
  });
  return archiveFolder(items, 'a tar archive');
}

/** How long a symlink of an archive can be. */
const MOST_TARGET_BYTES = 4096;

function memberOf(type: Item['type'], body: ByteSource, properties: Item['properties'] & {}): Item {
  if (type === 'file') return { type, size: body.size, properties, content: () => body };
  if (type !== 'symlink') return { type, properties };
  return { type, properties, target: body.read(0, Math.min(MOST_TARGET_BYTES, body.size)).toString() };
}

/** Members deeper than this are left out: no more names than that lead to an item. */
export const MOST_NAMES = 64;
const MOST_FOLDERS = 200_000;

/** Members by their paths, as folders in folders. Whatever a name says, it stays below the archive. */
function archiveFolder(members: Iterable<readonly [string, Item]>, format: string): Folder {
  const root = new ArchiveFolder({ left: MOST_FOLDERS });
  for (const [path, item] of members) {
    const names = path.split('/').filter((name) => name !== '' && name !== '.');
    if (names.length < MOST_NAMES) root.put(names, item);
  }
  return { format, entries: () => root.entries(), find: (name) => root.find(name) };
}

class ArchiveFolder implements Folder {
  readonly #items = new Map<string, Item>();
  readonly #folders = new Map<string, ArchiveFolder>();
  /** How many more folders the archive may have: names can be made so that each has very many. */
  readonly #room: { left: number };

  constructor(room: { left: number }) {
    this.#room = room;
  }

  put([name, ...below]: readonly string[], item: Item): void {
    if (name === undefined) return;
    if (below.length > 0) this.#folder(name).put(below, item);
    else if (item.type === 'directory') {
      const folder = this.#folder(name);
      this.#items.set(name, { ...item, folder: () => folder });
    } else this.#items.set(name, item);
  }

  #folder(name: string): ArchiveFolder {
    const known = this.#folders.get(name);
    if (known) return known;
    if (--this.#room.left < 0) fail('UNPACK_FAILED', `the archive has more than ${MOST_FOLDERS} folders`);
    const made = new ArchiveFolder(this.#room);
    this.#folders.set(name, made);
    if (!this.#items.has(name)) this.#items.set(name, { type: 'directory', folder: () => made });
    return made;
  }

  entries(): Iterable<readonly [string, Item]> {
    return this.#items;
  }

  find(name: string): Item | undefined {
    return this.#items.get(name);
  }
}
