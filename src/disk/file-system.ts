/** File systems by what they have in common: what they are, and for FAT and ext what is in them. */
import { fail } from '../model/diagnostic.ts';
import { hasExt, formatUuid, readExtIdentity } from './ext4/volume.ts';
import type { ExtEntry } from './ext4/entry.ts';
import { openExt } from './ext4/reader.ts';
import { openFat } from './fat/reader.ts';
import type { FatEntry } from './fat/directory.ts';
import { identifyFat } from './fat/identity.ts';
import { hasFat } from './fat/volume.ts';
import type { OnDamage } from './folders.ts';
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

/** A file system whose files can be read. What is damaged fails, unless `damaged` takes it: the rest follows then. */
export interface FileSystem {
  list(path: string, damaged?: OnDamage): readonly FileSystemEntry[];
  /** What is at a path, or undefined. */
  find(path: string): FileSystemEntry | undefined;
  /** Everything below a folder (the root by default), a folder before its content, with paths from there. */
  walk(path?: string, damaged?: OnDamage): Iterable<FileSystemEntry & { readonly path: string }>;
  file(path: string): FileContent;
}

/** What is on a partition; undefined where nothing is recognised. */
export function identifyFileSystem(source: ByteSource): FileSystemIdentity | undefined {
  for (const identify of [
    ext,
    swap,
    xfs,
    btrfs,
    iso9660,
    named8('ntfs', 'NTFS    '),
    named8('exfat', 'EXFAT   '),
    fat,
  ]) {
    const found = identify(source);
    if (found) return found;
  }
  return undefined;
}

/** True for FAT and ext. */
export function canBeRead(identity: FileSystemIdentity | undefined): boolean {
  return /^(ext|fat)/.test(identity?.type ?? '');
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
  list(path: string, damaged?: OnDamage): readonly Entry[];
  find(path: string): Entry | undefined;
  walk(path?: string, damaged?: OnDamage): Iterable<Entry & { readonly path: string }>;
  file(path: string): FileContent;
}

function withEntries<Entry>(volume: Volume<Entry>, entryOf: (entry: Entry) => FileSystemEntry): FileSystem {
  return {
    list: (path, damaged) => volume.list(path, damaged).map(entryOf),
    find: (path) => {
      const found = volume.find(path);
      return found && entryOf(found);
    },
    *walk(path, damaged) {
      for (const entry of volume.walk(path, damaged)) yield { ...entryOf(entry), path: entry.path };
    },
    file: (path) => volume.file(path),
  };
}

type Identify = (source: ByteSource) => FileSystemIdentity | undefined;

const ext: Identify = (source) => {
  if (!hasExt(source)) return undefined;
  const { type, label, uuid, needsRecovery } = readExtIdentity(source);
  return { type, ...named(label), ...identified(uuid), ...(needsRecovery ? { needsRecovery } : {}) };
};

const swap: Identify = (source) => {
  if (textAt(source, 4086, 10) !== 'SWAPSPACE2') return undefined;
  return { type: 'swap', ...uuidAt(source, 1036), ...named(textAt(source, 1052, 16)) };
};

const xfs: Identify = (source) => {
  if (textAt(source, 0, 4) !== 'XFSB') return undefined;
  return { type: 'xfs', ...uuidAt(source, 32), ...named(textAt(source, 108, 12)) };
};

const btrfs: Identify = (source) => {
  const superblock = 65_536;
  if (textAt(source, superblock + 64, 8) !== '_BHRfS_M') return undefined;
  return { type: 'btrfs', ...uuidAt(source, superblock + 32), ...named(textAt(source, superblock + 299, 256)) };
};

const VOLUME_DESCRIPTOR = 32_768;

/** Whether it is a CD's or DVD's. An image for both, discs and sticks, has a partition table as well. */
export function hasIso9660(source: ByteSource): boolean {
  return textAt(source, VOLUME_DESCRIPTOR + 1, 5) === 'CD001';
}

const iso9660: Identify = (source) =>
  hasIso9660(source) ? { type: 'iso9660', ...named(textAt(source, VOLUME_DESCRIPTOR + 40, 32).trimEnd()) } : undefined;

/** Those that have their names where a FAT has that of its formatter. */
function named8(type: string, name: string): Identify {
  return (source) => (textAt(source, 3, name.length) === name ? { type } : undefined);
}

const fat: Identify = (source) => (hasFat(source) ? identifyFat(source) : undefined);

function named(label: string): { label?: string } {
  return label === '' ? {} : { label };
}

function uuidAt(source: ByteSource, offset: number): { uuid?: string } {
  return identified(formatUuid(source.read(offset, 16)));
}

/** One of zeros stands for none. */
function identified(uuid: string): { uuid?: string } {
  return /^[0-]*$/.test(uuid) ? {} : { uuid };
}

/** Text up to the first zero byte; empty where the source ends before. */
function textAt(source: ByteSource, offset: number, length: number): string {
  if (offset + length > source.size) return '';
  return source.read(offset, length).toString('latin1').replace(/\0.*$/s, '');
}
