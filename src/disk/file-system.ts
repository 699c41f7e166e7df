/** File systems by what they have in common: what they are, and for FAT and ext what is in them. */
import { fail } from '../model/diagnostic.ts';
import { hasExt, formatUuid, readExtGeometry } from './ext4/volume.ts';
import { openExt, type ExtEntry } from './ext4/reader.ts';
import { openFat } from './fat/reader.ts';
import type { FatEntry } from './fat/directory.ts';
import { readGeometry } from './fat/volume.ts';
import type { ByteSource, FileContent } from './source.ts';

/** What a superblock or boot sector says. */
export interface FileSystemIdentity {
  /** For example `ext4`, `fat16`, `swap`. */
  readonly type: string;
  readonly label?: string;
  readonly uuid?: string;
  /** Its journal holds changes that were not written yet. */
  readonly needsRecovery?: boolean;
}

/** A file, folder, symlink or device. */
export interface FileSystemEntry {
  readonly name: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'special';
  /** Bytes. */
  readonly size: number;
  readonly target?: string;
  /** What else is kept about it, for people: mode, owner, attributes, time of the last change. */
  readonly properties: Readonly<Record<string, string>>;
}

/** A file system whose files can be read. */
export interface FileSystem {
  list(path: string): readonly FileSystemEntry[];
  /** What is at a path, or undefined. */
  find(path: string): FileSystemEntry | undefined;
  /** Everything below a folder (the root by default), a folder before its content, with paths from there. */
  walk(path?: string): Iterable<FileSystemEntry & { readonly path: string }>;
  file(path: string): FileContent;
}

/** What is on a partition; undefined where nothing is recognised. */
export function identifyFileSystem(source: ByteSource): FileSystemIdentity | undefined {
  for (const identify of [ext, swap, xfs, btrfs, fat]) {
    const found = identify(source);
    if (found) return found;
  }
  return undefined;
}

/** Opens FAT and ext. Fails with `NO_FILE_SYSTEM` for all else. */
export function openFileSystem(source: ByteSource, what: string): FileSystem {
  const type = identifyFileSystem(source)?.type;
  if (type?.startsWith('ext')) return openExtFiles(source);
  if (type?.startsWith('fat')) return openFatFiles(source);
  return fail('NO_FILE_SYSTEM', `${what} has no file system that can be read here: ${type ?? 'none is recognised'}`, {
    detail: 'FAT and ext2, ext3, ext4 can be read',
  });
}

function openFatFiles(source: ByteSource): FileSystem {
  return withEntries(openFat(source), ({ name, directory, size, attributes, modified }: FatEntry) => ({
    name,
    type: directory ? 'directory' : 'file',
    size,
    properties: { attributes: attributeLetters(attributes), modified },
  }));
}

function openExtFiles(source: ByteSource): FileSystem {
  return withEntries(openExt(source), ({ mode, uid, gid, mtime, ...entry }: ExtEntry) => ({
    ...entry,
    properties: {
      mode: mode.toString(8).padStart(3, '0'),
      owner: `${uid}:${gid}`,
      modified: new Date(mtime * 1000).toISOString().slice(0, 19).replace('T', ' '),
    },
  }));
}

/** As MS-DOS shows them. */
function attributeLetters(attributes: number): string {
  return [...'RHSVDA'].map((letter, bit) => ((attributes & (1 << bit)) === 0 ? '-' : letter)).join('');
}

interface Volume<Entry> {
  list(path: string): readonly Entry[];
  find(path: string): Entry | undefined;
  walk(path?: string): Iterable<Entry & { readonly path: string }>;
  file(path: string): FileContent;
}

function withEntries<Entry>(volume: Volume<Entry>, entryOf: (entry: Entry) => FileSystemEntry): FileSystem {
  return {
    list: (path) => volume.list(path).map(entryOf),
    find: (path) => {
      const found = volume.find(path);
      return found && entryOf(found);
    },
    *walk(path) {
      for (const entry of volume.walk(path)) yield { ...entryOf(entry), path: entry.path };
    },
    file: (path) => volume.file(path),
  };
}

type Identify = (source: ByteSource) => FileSystemIdentity | undefined;

const ext: Identify = (source) => {
  if (!hasExt(source)) return undefined;
  const { type, label, uuid, needsRecovery } = readExtGeometry(source);
  return { type, ...named(label), uuid, ...(needsRecovery ? { needsRecovery } : {}) };
};

const swap: Identify = (source) => {
  if (textAt(source, 4086, 10) !== 'SWAPSPACE2') return undefined;
  return { type: 'swap', uuid: uuidAt(source, 1036), ...named(textAt(source, 1052, 16)) };
};

const xfs: Identify = (source) => {
  if (textAt(source, 0, 4) !== 'XFSB') return undefined;
  return { type: 'xfs', uuid: uuidAt(source, 32), ...named(textAt(source, 108, 12)) };
};

const btrfs: Identify = (source) => {
  const superblock = 65_536;
  if (textAt(source, superblock + 64, 8) !== '_BHRfS_M') return undefined;
  return { type: 'btrfs', uuid: uuidAt(source, superblock + 32), ...named(textAt(source, superblock + 299, 256)) };
};

/** FAT has no magic number, only a boot sector that makes sense; its text is a hint that one should look. */
const fat: Identify = (source) => {
  if (textAt(source, 54, 3) !== 'FAT' && textAt(source, 82, 3) !== 'FAT') return undefined;
  const { type } = readGeometry(source);
  const at = type === 32 ? 67 : 39;
  const serial = source.read(at, 4).readUInt32LE(0).toString(16).toUpperCase().padStart(8, '0');
  const label = textAt(source, at + 4, 11).trimEnd();
  return {
    type: `fat${type}`,
    uuid: `${serial.slice(0, 4)}-${serial.slice(4)}`,
    ...named(label === 'NO NAME' ? '' : label),
  };
};

function named(label: string): { label?: string } {
  return label === '' ? {} : { label };
}

function uuidAt(source: ByteSource, offset: number): string {
  return formatUuid(source.read(offset, 16));
}

/** Text up to the first zero byte; empty where the source ends before. */
function textAt(source: ByteSource, offset: number, length: number): string {
  if (offset + length > source.size) return '';
  return source.read(offset, length).toString('latin1').replace(/\0.*$/s, '');
}
