/** Reads ext2, ext3 and ext4 without mounting: lists folders, follows symlinks, reads files in pieces. */
import { fail } from '../../model/diagnostic.ts';
import { RecentFolders, throwDamage, type OnDamage } from '../folders.ts';
import { bufferSource, checkRange, type ByteSource, type FileContent } from '../source.ts';
import { blockMap, readBlocks, type BlockMap } from './block-map.ts';
import { parseEntries, type DirectoryEntry } from './directory.ts';
import { inlineContent, inlineParts } from './inline-data.ts';
import { damagedExt, INODE_FLAG, readExtGeometry, readInode, readInodeRecord, ROOT_INODE } from './volume.ts';
import type { ExtGeometry, Inode } from './volume.ts';

/** A file, folder, symlink or device. */
export interface ExtEntry {
  readonly name: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'special';
  /** Bytes; 0 for folders and devices. */
  readonly size: number;
  /** Permissions, for example 0o755. */
  readonly mode: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  /** Numbers of the user and the group. */
  readonly uid: number;
  readonly gid: number;
  /** Where a symlink leads. */
  readonly target?: string;
}

/** With its path, `/`-separated and without a leading one. */
export interface ExtPath extends ExtEntry {
  readonly path: string;
}

/** An inode with one of its paths. */
export interface ExtInode {
  readonly path: string;
  readonly number: number;
  /** As it lies on disk. */
  readonly record: Buffer;
  readonly entry: ExtEntry;
  /** Of a file. */
  readonly content: () => ByteSource;
}

/** An open file system. Damage is an `EXT4_DAMAGED` failure wherever it is met. */
export interface ExtVolume {
  readonly geometry: ExtGeometry;
  /** What is in a folder, sorted by name. */
  list(path?: string, damaged?: OnDamage): readonly ExtEntry[];
  /** All files and folders below one, a folder before its content, with paths from there. Symlinks are not followed. */
  walk(path?: string, damaged?: OnDamage): Generator<ExtPath>;
  /** The inode of everything, as it lies on disk, by path; that of the root (an empty path), too. */
  inodes(damaged?: OnDamage): Generator<ExtInode>;
  /** What is at a path, or undefined. Symlinks on the way are followed, the last one is not. */
  find(path: string): ExtEntry | undefined;
  /** A file's content. Symlinks are followed, inside the file system. */
  file(path: string): FileContent;
}

const TYPE = { mask: 0xf000, directory: 0x4000, file: 0x8000, symlink: 0xa000 } as const;
const MAX_LINKS = 40;
const MAX_PATH = 4096;
const MAX_DIRECTORY = 1024 ** 3;
/** Shorter symlinks are kept where other inodes keep their block numbers. */
const SHORT_SYMLINK = 60;

/** Opens an ext file system. */
export function openExt(source: ByteSource): ExtVolume {
  const geometry = readExtGeometry(source);
  const inodeOf = (number: number): Inode => readInode(source, geometry, number);

  const content = (inode: Inode, what: string): FileContent => {
    if ((inode.flags & INODE_FLAG.encrypted) !== 0) fail('EXT4_UNSUPPORTED', `${what} is encrypted`);
    if ((inode.flags & INODE_FLAG.inlineData) !== 0) return bufferSource(inlineContent(inode), what);
    return mappedSource(source, geometry, blockMap(source, geometry, inode), inode.size, what);
  };

  function* readFolder(inode: Inode, what: string): Generator<DirectoryEntry> {
    if ((inode.flags & INODE_FLAG.inlineData) !== 0) {
      const [head, tail] = inlineParts(inode);
      yield* parseEntries(head.subarray(4), geometry.hasFileTypes, what); // first the parent's inode
      return yield* parseEntries(tail, geometry.hasFileTypes, what);
    }
    const { blockSize } = geometry;
    if (inode.size % blockSize !== 0 || inode.size > MAX_DIRECTORY) damagedExt(`${what} has ${inode.size} bytes`);
    const bytes = content(inode, what);
    const map = blockMap(source, geometry, inode);
    const seen = new Set<number>();
    for (let at = 0; at < inode.size; at += blockSize) {
      const { physical } = map(at / blockSize);
      if (physical === undefined || seen.has(physical)) damagedExt(`${what} has a hole, or a block twice`);
      seen.add(physical);
      yield* parseEntries(bytes.read(at, blockSize), geometry.hasFileTypes, what);
    }
  }

  const recent = new RecentFolders<DirectoryEntry>(({ name }) => name);
  /** Sorted by name; of a folder that is damaged, what could be read. */
  const folderOf = (inode: Inode, path: string, damaged: OnDamage) =>
    recent.get(inode.number, (spoilt) => {
      const entries: DirectoryEntry[] = [];
      try {
        for (const entry of readFolder(inode, `/${path}`)) entries.push(entry);
      } catch (error) {
        spoilt();
        damaged(path, error);
      }
      return entries.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    });

  const linkTarget = (inode: Inode): string => {
    if (inode.size > MAX_PATH) damagedExt(`the symlink of inode ${inode.number} has ${inode.size} bytes`);
    const inBlocks = inode.size >= SHORT_SYMLINK || (inode.flags & (INODE_FLAG.extents | INODE_FLAG.inlineData)) !== 0;
    if (!inBlocks) return inode.content.toString('utf8', 0, inode.size);
    return content(inode, `inode ${inode.number}`).read(0, inode.size).toString();
  };

  const describe = (name: string, inode: Inode): ExtEntry => {
    const type = typeOf(inode);
    return {
      name,
      type,
      size: type === 'file' || type === 'symlink' ? inode.size : 0,
      mode: inode.mode & 0o7777,
      mtime: inode.mtime,
      uid: inode.uid,
      gid: inode.gid,
      ...(type === 'symlink' ? { target: linkTarget(inode) } : {}),
    };
  };

  /** Walks a path from the root. `..` goes up the way that was come, never above the root. */
  const resolve = (path: string, followLast: boolean): { inode: Inode; name: string } | undefined => {
    const way = [{ inode: inodeOf(ROOT_INODE), name: '' }];
    const names = path.split('/');
    for (let links = 0; names.length > 0;) {
      const name = names.shift()!;
      if (name === '' || name === '.') continue;
      if (name === '..') {
        if (way.length > 1) way.pop();
        continue;
      }
      const here = way.at(-1)!.inode;
      if (typeOf(here) !== 'directory') return undefined;
      const entry = folderOf(here, withoutSlash(path), throwDamage).byName.get(name);
      if (!entry) return undefined;
      const inode = inodeOf(entry.inode);
      if (typeOf(inode) === 'symlink' && (names.length > 0 || followLast)) {
        if (++links > MAX_LINKS) return fail('FILE_NOT_FOUND', `${path} leads through more than ${MAX_LINKS} symlinks`);
        const target = linkTarget(inode);
        if (target.startsWith('/')) way.length = 1;
        names.unshift(...target.split('/'));
      } else {
        way.push({ inode, name });
      }
    }
    return way.at(-1);
  };

  const folderAt = (path: string): Inode => {
    const found = resolve(path, true);
    if (!found || typeOf(found.inode) !== 'directory')
      return fail('FILE_NOT_FOUND', `there is no folder ${path} in the file system`);
    return found.inode;
  };

  /** What is there, unless it is damaged. */
  const attempt = <T>(path: string, damaged: OnDamage, look: () => T): T | undefined => {
    try {
      return look();
    } catch (error) {
      damaged(path, error);
      return undefined;
    }
  };

  type Found = { readonly path: string; readonly inode: Inode; readonly entry: ExtEntry };
  function* walk(folder: Inode, path: string, seen: Set<number>, damaged: OnDamage): Generator<Found> {
    const met = attempt(path, damaged, () => {
      // No folder has two places: one met twice contains itself, or is hostile.
      if (seen.has(folder.number)) damagedExt(`the folder /${path} is met twice`);
      if (path.length > MAX_PATH) damagedExt(`it has a path of more than ${MAX_PATH} characters`);
      seen.add(folder.number);
      return folderOf(folder, path, damaged).entries;
    });
    for (const { name, inode: number } of met ?? []) {
      const below = path === '' ? name : `${path}/${name}`;
      const found = attempt(below, damaged, () => {
        const inode = inodeOf(number);
        return { path: below, inode, entry: describe(name, inode) };
      });
      if (found) yield found;
      if (found?.entry.type === 'directory') yield* walk(found.inode, below, seen, damaged);
    }
  }

  function* inodes(damaged: OnDamage = throwDamage): Generator<ExtInode> {
    const found = ({ path, inode, entry }: Found): ExtInode => ({
      path,
      number: inode.number,
      record: readInodeRecord(source, geometry, inode.number),
      entry,
      content: () => content(inode, path),
    });
    const root = inodeOf(ROOT_INODE);
    yield found({ path: '', inode: root, entry: describe('', root) });
    for (const one of walk(root, '', new Set(), damaged)) yield found(one);
  }

  return {
    geometry,
    inodes,
    *walk(path = '/', damaged = throwDamage) {
      for (const found of walk(folderAt(path), '', new Set(), damaged)) yield { ...found.entry, path: found.path };
    },
    find(path) {
      const found = resolve(path, false);
      return found && describe(found.name, found.inode);
    },
    list: (path = '/', damaged = throwDamage) =>
      folderOf(folderAt(path), withoutSlash(path), damaged)
        .entries.map(({ name, inode }) => attempt(name, damaged, () => describe(name, inodeOf(inode))))
        .filter((entry) => entry !== undefined),
    file(path) {
      const found = resolve(path, true);
      if (!found || typeOf(found.inode) !== 'file')
        return fail('FILE_NOT_FOUND', `there is no file ${path} in the file system`);
      return content(found.inode, path);
    },
  };
}

function withoutSlash(path: string): string {
  return path.replace(/^\/+/, '');
}

function typeOf({ mode }: Inode): ExtEntry['type'] {
  switch (mode & TYPE.mask) {
    case TYPE.directory:
      return 'directory';
    case TYPE.file:
      return 'file';
    case TYPE.symlink:
      return 'symlink';
    default:
      return 'special';
  }
}

/** A file whose blocks are scattered; holes read as zeros. */
function mappedSource(
  source: ByteSource,
  geometry: ExtGeometry,
  map: BlockMap,
  size: number,
  what: string,
): FileContent {
  const { blockSize } = geometry;
  return {
    size,
    *places() {
      for (let offset = 0; offset < size;) {
        const { physical, count } = map(offset / blockSize);
        const length = Math.min(count * blockSize, size - offset);
        yield { offset, length, ...(physical === undefined ? {} : { at: physical * blockSize }) };
        offset += length;
      }
    },
    read(offset, length) {
      checkRange(what, size, offset, length);
      const bytes = Buffer.alloc(length);
      for (let at = 0; at < length;) {
        const logical = Math.floor((offset + at) / blockSize);
        const from = (offset + at) % blockSize;
        const { physical, count } = map(logical);
        const part = Math.min(length - at, count * blockSize - from);
        if (physical !== undefined) {
          const blocks = Math.ceil((from + part) / blockSize);
          readBlocks(source, geometry, physical, blocks, what).copy(bytes, at, from, from + part);
        }
        at += part;
      }
      return bytes;
    },
  };
}
