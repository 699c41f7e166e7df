/** The cpio "newc" format (Linux: Documentation/driver-api/early-userspace/buffer-format.rst): entries and header fields. */

/** Magic of newc, and of newc with a checksum of the body ("crc"). */
export const NEWC_MAGIC = '070701';
export const CRC_MAGIC = '070702';
/** A header: the magic and 13 fields of 8 hex digits. */
export const HEADER_SIZE = 110;
/** Name of the entry that ends an archive. */
export const TRAILER = 'TRAILER!!!';
/** Headers, names and bodies end on a multiple of this. */
export const ALIGNMENT = 4;
/** Linux refuses longer names. */
export const MAX_NAME = 4096;

/** What an entry is: the upper bits of its mode. */
export type CpioType = 'file' | 'directory' | 'symlink' | 'character' | 'block' | 'fifo' | 'socket';

/** The upper four bits of a mode. */
export const TYPE_BITS: Readonly<Record<CpioType, number>> = {
  file: 0o100000,
  directory: 0o040000,
  symlink: 0o120000,
  character: 0o020000,
  block: 0o060000,
  fifo: 0o010000,
  socket: 0o140000,
};

/** What the writer needs to know of an entry. */
export interface CpioHeader {
  /** Relative, without `.` and `..`, separated by `/`. */
  readonly path: string;
  readonly type: CpioType;
  /** Permission bits, with setuid, setgid and sticky. */
  readonly mode: number;
  /** Bytes of the body: a file's content, a symlink's target. */
  readonly size: number;
  /** Of a character or block device. */
  readonly device?: { readonly major: number; readonly minor: number };
  /**
   * Files with the same key are one file with several names (hard links). Only the last of them has a body; the
   * others have size 0, as cpio writes them.
   */
  readonly link?: string;
}

/** An entry as it was found in an archive. */
export interface CpioEntry extends CpioHeader {
  /** Where the body starts in the archive, in bytes. */
  readonly bodyOffset: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  readonly uid: number;
  readonly gid: number;
  /** The body. What is not read when the next entry is asked for is passed over. */
  readonly body: () => AsyncGenerator<Uint8Array, void, undefined>;
}

/** Bytes of padding after `length` bytes. */
export function padding(length: number, alignment = ALIGNMENT): number {
  return (alignment - (length % alignment)) % alignment;
}
