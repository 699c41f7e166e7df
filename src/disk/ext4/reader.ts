/** Reads ext2, ext3 and ext4 without mounting: lists folders, follows symlinks, reads files in pieces. */
import { fail } from '../../model/diagnostic.ts';
import { RecentFolders, throwDamage, type Folder, type OnDamage } from '../folders.ts';
import type { ByteSource, FileContent } from '../source.ts';
import { contentOf } from './content.ts';
import { folderEntries, type DirectoryEntry } from './directory.ts';
import { typeOf, type ExtEntry, type ExtInode, type ExtPath } from './entry.ts';
import { damagedExt, INODE_FLAG, readExtGeometry, readInode, readInodeRecord, ROOT_INODE } from './volume.ts';
import type { ExtGeometry, Inode } from './volume.ts';

const MAX_LINKS = 40;
const MAX_PATH = 4096;
/** Shorter symlinks are kept where other inodes keep their block numbers. */
const SHORT_SYMLINK = 60;

/** What a walk has met. */
interface Found {
  readonly path: string;
  readonly inode: Inode;
  readonly entry: ExtEntry;
}

/** An inode, and the name under which a path leads to it. */
interface Step {
  readonly inode: Inode;
  readonly name: string;
}

/** Opens an ext file system. */
export function openExt(source: ByteSource): ExtVolume {
  return new ExtVolume(source);
}

/** An open file system. Damage is an `EXT4_DAMAGED` failure wherever it is met. */
export class ExtVolume {
  readonly geometry: ExtGeometry;
  readonly #source: ByteSource;
  readonly #recent = new RecentFolders<DirectoryEntry>(({ name }) => name);

  constructor(source: ByteSource) {
    this.#source = source;
    this.geometry = readExtGeometry(source);
  }

  /** What is in a folder, sorted by name. */
  list(path = '/', damaged: OnDamage = throwDamage): readonly ExtEntry[] {
    return this.#folder(this.#folderAt(path), withoutSlash(path), damaged)
      .entries.map(({ name, inode }) => unlessDamaged(name, damaged, () => this.#describe(name, this.#inode(inode))))
      .filter((entry) => entry !== undefined);
  }

  /** All files and folders below one, a folder before its content, with paths from there. Symlinks are not followed. */
  *walk(path = '/', damaged: OnDamage = throwDamage): Generator<ExtPath> {
    for (const found of this.#walk(this.#folderAt(path), '', new Set(), damaged))
      yield { ...found.entry, path: found.path };
  }

  /** The inode of everything, as it lies on disk, by path; that of the root (an empty path), too. */
  *inodes(damaged: OnDamage = throwDamage): Generator<ExtInode> {
    const root = this.#inode(ROOT_INODE);
    yield this.#onDisk({ path: '', inode: root, entry: this.#describe('', root) });
    for (const found of this.#walk(root, '', new Set(), damaged)) yield this.#onDisk(found);
  }

  /** What is at a path, or undefined. Symlinks on the way are followed, the last one is not. */
  find(path: string): ExtEntry | undefined {
    const found = this.#resolve(path, false);
    return found && this.#describe(found.name, found.inode);
  }

  /** A file's content. Symlinks are followed, inside the file system. */
  file(path: string): FileContent {
    const found = this.#resolve(path, true);
    if (!found || typeOf(found.inode) !== 'file')
      return fail('FILE_NOT_FOUND', `there is no file ${path} in the file system`);
    return this.#content(found.inode, path);
  }

  /** Walks a path from the root. `..` goes up the way that was come, never above the root. */
  #resolve(path: string, followLast: boolean): Step | undefined {
    const way: Step[] = [{ inode: this.#inode(ROOT_INODE), name: '' }];
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
      const entry = this.#folder(here, withoutSlash(path), throwDamage).byName.get(name);
      if (!entry) return undefined;
      const inode = this.#inode(entry.inode);
      if (typeOf(inode) === 'symlink' && (names.length > 0 || followLast)) {
        if (++links > MAX_LINKS) return fail('FILE_NOT_FOUND', `${path} leads through more than ${MAX_LINKS} symlinks`);
        const target = this.#target(inode);
        if (target.startsWith('/')) way.length = 1;
        names.unshift(...target.split('/'));
      } else {
        way.push({ inode, name });
      }
    }
    return way.at(-1);
  }

  #folderAt(path: string): Inode {
    const found = this.#resolve(path, true);
    if (!found || typeOf(found.inode) !== 'directory')
      return fail('FILE_NOT_FOUND', `there is no folder ${path} in the file system`);
    return found.inode;
  }

  *#walk(folder: Inode, path: string, seen: Set<number>, damaged: OnDamage): Generator<Found> {
    for (const { name, inode: number } of this.#met(folder, path, seen, damaged)) {
      const below = path === '' ? name : `${path}/${name}`;
      const found = unlessDamaged(below, damaged, () => {
        const inode = this.#inode(number);
        return { path: below, inode, entry: this.#describe(name, inode) };
      });
      if (found) yield found;
      if (found?.entry.type === 'directory') yield* this.#walk(found.inode, below, seen, damaged);
    }
  }

  /** The entries of a folder that is met on a walk. */
  #met(folder: Inode, path: string, seen: Set<number>, damaged: OnDamage): readonly DirectoryEntry[] {
    const entries = unlessDamaged(path, damaged, () => {
      // No folder has two places: one met twice contains itself, or is hostile.
      if (seen.has(folder.number)) damagedExt(`the folder /${path} is met twice`);
      if (path.length > MAX_PATH) damagedExt(`it has a path of more than ${MAX_PATH} characters`);
      seen.add(folder.number);
      return this.#folder(folder, path, damaged).entries;
    });
    return entries ?? [];
  }

  /** Sorted by name; of a folder that is damaged, what could be read. */
  #folder(inode: Inode, path: string, damaged: OnDamage): Folder<DirectoryEntry> {
    return this.#recent.get(inode.number, (spoilt) => {
      const entries: DirectoryEntry[] = [];
      try {
        for (const entry of folderEntries(this.#source, this.geometry, inode, `/${path}`)) entries.push(entry);
      } catch (error) {
        spoilt();
        damaged(path, error);
      }
      return entries.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    });
  }

  #onDisk({ path, inode, entry }: Found): ExtInode {
    const record = readInodeRecord(this.#source, this.geometry, inode.number);
    return { path, number: inode.number, record, entry, content: () => this.#content(inode, path) };
  }

  #describe(name: string, inode: Inode): ExtEntry {
    const type = typeOf(inode);
    const { mtime, uid, gid } = inode;
    return {
      name,
      type,
      size: type === 'file' || type === 'symlink' ? inode.size : 0,
      mode: inode.mode & 0o7777,
      ...{ mtime, uid, gid },
      ...(type === 'symlink' ? { target: this.#target(inode) } : {}),
    };
  }

  /** Where a symlink leads. */
  #target(inode: Inode): string {
    if (inode.size > MAX_PATH) damagedExt(`the symlink of inode ${inode.number} has ${inode.size} bytes`);
    const inBlocks = inode.size >= SHORT_SYMLINK || (inode.flags & (INODE_FLAG.extents | INODE_FLAG.inlineData)) !== 0;
    if (!inBlocks) return inode.content.toString('utf8', 0, inode.size);
    return this.#content(inode, `inode ${inode.number}`).read(0, inode.size).toString();
  }

  #inode(number: number): Inode {
    return readInode(this.#source, this.geometry, number);
  }

  #content(inode: Inode, what: string): FileContent {
    return contentOf(this.#source, this.geometry, inode, what);
  }
}

/** What is there, unless it is damaged. */
function unlessDamaged<T>(path: string, damaged: OnDamage, look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    damaged(path, error);
    return undefined;
  }
}

function withoutSlash(path: string): string {
  return path.replace(/^\/+/, '');
}
