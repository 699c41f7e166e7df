/** Writes cpio newc archives: the same entries give the same bytes. */
import { fail } from '../step/index.ts';
import { HEADER_SIZE, MAX_NAME, NEWC_MAGIC, padding, TRAILER, TYPE_BITS } from './cpio-format.ts';
import type { CpioHeader } from './cpio-format.ts';
import { bytesOfName } from './cpio-name.ts';
import { safePath } from './safe-path.ts';

/** An entry to write: its header and its body, which is asked for only when its turn comes. */
export interface CpioSource extends CpioHeader {
  readonly body: () => Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

const MAX_SIZE = 0xffff_ffff;

/**
 * The bytes of an archive, in the order given. Inode numbers count up from 1, owner is 0:0, and all entries have
 * `mtime` (seconds since 1970). Names with the same `link` become hard links; the last must hold the body.
 */
export async function* writeCpio(
  entries: readonly CpioSource[],
  mtime: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const inodes = new Map<string, number>();
  const links = countLinks(entries);
  let next = 1;
  for (const entry of entries) {
    const key = entry.link ?? `\0${next}`;
    const inode = inodes.get(key) ?? next++;
    inodes.set(key, inode);
    const count = entry.link === undefined ? (entry.type === 'directory' ? 2 : 1) : links.get(entry.link);
    yield header(entry, inode, count ?? 1, mtime);
    yield* body(entry);
  }
  yield trailer();
}

/** An entry from bytes in memory. */
export function cpioFile(path: string, content: Uint8Array | string, mode = 0o644): CpioSource {
  const bytes = Buffer.from(content);
  return { path, type: 'file', mode, size: bytes.length, body: () => [bytes] };
}

/** A directory. */
export function cpioDirectory(path: string, mode = 0o755): CpioSource {
  return { path, type: 'directory', mode, size: 0, body: () => [] };
}

/** A symbolic link. */
export function cpioSymlink(path: string, target: string): CpioSource {
  const bytes = Buffer.from(target);
  return { path, type: 'symlink', mode: 0o777, size: bytes.length, body: () => [bytes] };
}

/** How many names each linked file has. */
function countLinks(entries: readonly CpioSource[]): ReadonlyMap<string, number> {
  const links = new Map<string, number>();
  for (const { link } of entries) if (link !== undefined) links.set(link, (links.get(link) ?? 0) + 1);
  return links;
}

function header(entry: CpioHeader, inode: number, links: number, mtime: number): Buffer {
  const path = safePath(entry.path, 'cpio entry');
  if (path !== entry.path || path === '' || path === TRAILER || bytesOfName(path).length >= MAX_NAME)
    fail('BAD_CPIO_ENTRY', `${JSON.stringify(entry.path)} cannot be the name of a cpio entry`);
  if (entry.size > MAX_SIZE) fail('BAD_CPIO_ENTRY', `'${path}' has ${entry.size} bytes; cpio holds 4 GiB at most`);
  return encode(path, [
    inode,
    TYPE_BITS[entry.type] | entry.mode,
    0,
    0,
    links,
    mtime,
    entry.size,
    0,
    0,
    entry.device?.major ?? 0,
    entry.device?.minor ?? 0,
  ]);
}

function trailer(): Buffer {
  return encode(TRAILER, [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
}

/** Magic, eleven fields, size of the name, checksum (0), the name, padding. */
function encode(name: string, fields: readonly number[]): Buffer {
  const bytes = Buffer.concat([bytesOfName(name), Buffer.alloc(1)]);
  const digits = [...fields, bytes.length, 0].map((value) => value.toString(16).toUpperCase().padStart(8, '0'));
  return Buffer.concat([
    Buffer.from(NEWC_MAGIC + digits.join('')),
    bytes,
    Buffer.alloc(padding(HEADER_SIZE + bytes.length)),
  ]);
}

async function* body(entry: CpioSource) {
  let written = 0;
  for await (const chunk of entry.body()) {
    written += chunk.length;
    yield chunk;
  }
  if (written !== entry.size)
    fail('BAD_CPIO_ENTRY', `'${entry.path}' was to have ${entry.size} bytes and has ${written}`);
  if (padding(written) > 0) yield Buffer.alloc(padding(written));
}
