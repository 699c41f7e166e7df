/** What a file, folder, symlink or device of an ext file system is. */
import type { ByteSource } from '../source.ts';
import type { Inode } from './volume.ts';

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

const TYPE = { mask: 0xf000, directory: 0x4000, file: 0x8000, symlink: 0xa000 } as const;

export function typeOf({ mode }: Inode): ExtEntry['type'] {
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
