/** The members of a tar archive, as they lie in it: ustar, pax, GNU with long names and sparse files. */
import type { ByteSource } from '../disk/index.ts';
import { fail } from '../model/diagnostic.ts';

/** One member. `header` is its 512 bytes; `pax` what extended headers say of it. */
export interface TarMember {
  readonly path: string;
  readonly header: Buffer;
  readonly pax: ReadonlyMap<string, string>;
  readonly body: ByteSource;
}

interface Extent {
  readonly offset: number;
  readonly length: number;
  /** Where the bytes are in the archive. */
  readonly from: number;
}

const BLOCK = 512;
const MAX_MEMBERS = 200_000;
const MAX_EXTENDED = 1024 * 1024;
const MAX_EXTENTS = 1_000_000;

/** Reads all headers. Damage is a `TAR_DAMAGED` failure. */
export function* tarMembers(source: ByteSource): Generator<TarMember> {
  let overlay: { path?: string; pax: Map<string, string> } = { pax: new Map() };
  let members = 0;
  for (let at = 0; at + BLOCK <= source.size;) {
    const header = source.read(at, BLOCK);
    at += BLOCK;
    if (header.every((byte) => byte === 0)) continue;
    checkSum(header, at - BLOCK);
    const type = String.fromCharCode(header[156] ?? 0);
    const stored = tarNumber(header, 124, 12);
    if ('xgLK'.includes(type)) {
      if (stored > MAX_EXTENDED) damaged(`an extended header at byte ${at} has ${stored} bytes`);
      const bytes = source.read(at, stored);
      if (type === 'L') overlay.path = cString(bytes);
      if (type === 'K') overlay.pax.set('linkpath', cString(bytes));
      if (type === 'x' || type === 'g') for (const [key, value] of paxRecords(bytes)) overlay.pax.set(key, value);
      at += blocks(stored);
      continue;
    }
    if (++members > MAX_MEMBERS) damaged(`it has more than ${MAX_MEMBERS} members`);
    const path = overlay.pax.get('path') ?? overlay.path ?? nameOf(header);
    const paxSize = overlay.pax.get('size');
    const size = paxSize === undefined ? stored : Number(paxSize);
    const extents = type === 'S' ? sparseExtents(source, header, at) : undefined;
    if (extents) at = extents.end;
    const body = extents ? sparseBody(source, tarNumber(header, 483, 12), extents.map) : range(source, at, size);
    yield { path, header, pax: overlay.pax, body };
    at += blocks('0\0S7'.includes(type) || paxSize !== undefined ? size : 0);
    overlay = { pax: new Map() };
  }
}

/** Octal text, or GNU's base 256: a set top bit, then the number, big-endian. */
export function tarNumber(bytes: Buffer, at: number, width: number): number {
  if (((bytes[at] ?? 0) & 0x80) !== 0) {
    const value = bytes.readBigUInt64BE(at + width - 8);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) damaged(`a number in a header is ${value}`);
    return Number(value);
  }
  const text = bytes
    .toString('latin1', at, at + width)
    .replace(/[\0 ].*$/s, '')
    .trim();
  if (!/^[0-7]*$/.test(text)) damaged(`a number in a header is ${JSON.stringify(text)}`);
  return text === '' ? 0 : Number.parseInt(text, 8);
}

function nameOf(header: Buffer): string {
  const name = cString(header.subarray(0, 100));
  const posix = header.toString('latin1', 257, 263) === 'ustar\0';
  const prefix = posix ? cString(header.subarray(345, 500)) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

/** Lines of `<length> <key>=<value>`. */
function* paxRecords(bytes: Buffer): Generator<readonly [string, string]> {
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const length = Number(bytes.toString('latin1', at, space));
    if (space < 0 || !Number.isSafeInteger(length) || length < 4 || at + length > bytes.length) return;
    const [key = '', ...value] = bytes.toString('utf8', space + 1, at + length - 1).split('=');
    yield [key, value.join('=')];
    at += length;
  }
}

/** The map of an oldgnu sparse member: 4 extents in the header, 21 in each block that follows. */
function sparseExtents(source: ByteSource, header: Buffer, start: number): { map: Extent[]; end: number } {
  const pairs: (readonly [number, number])[] = [];
  const take = (block: Buffer, from: number, count: number): void => {
    for (let index = 0; index < count; index++) {
      const at = from + 24 * index;
      if (block[at] === 0) return;
      pairs.push([tarNumber(block, at, 12), tarNumber(block, at + 12, 12)]);
    }
  };
  take(header, 386, 4);
  let end = start;
  for (let more = header[482] !== 0; more;) {
    const block = source.read(end, BLOCK);
    take(block, 0, 21);
    if (pairs.length > MAX_EXTENTS) damaged('a sparse member has too many extents');
    more = block[504] !== 0;
    end += BLOCK;
  }
  let from = end;
  const map = pairs.map(([offset, length]) => {
    const extent = { offset, length, from };
    from += length;
    return extent;
  });
  return { map: map.filter(({ length }) => length > 0), end };
}

function sparseBody(source: ByteSource, size: number, map: readonly Extent[]): ByteSource {
  map.forEach(({ offset, length }, index) => {
    const last = map[index - 1];
    if (offset + length > size || (last && last.offset + last.length > offset)) damaged('a sparse map goes astray');
  });
  return {
    size,
    read(offset, length) {
      const bytes = Buffer.alloc(length);
      for (let index = firstBehind(map, offset); index < map.length; index++) {
        const extent = map[index]!;
        const start = Math.max(offset, extent.offset);
        const end = Math.min(offset + length, extent.offset + extent.length);
        if (start >= end) break;
        source.read(extent.from + start - extent.offset, end - start).copy(bytes, start - offset);
      }
      return bytes;
    },
  };
}

/** Index of the first extent that ends behind an offset. */
function firstBehind(map: readonly Extent[], offset: number): number {
  let [low, high] = [0, map.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (map[middle]!.offset + map[middle]!.length > offset) high = middle;
    else low = middle + 1;
  }
  return low;
}

function range(source: ByteSource, at: number, size: number): ByteSource {
  if (!Number.isSafeInteger(size) || size < 0) damaged(`a member has ${size} bytes`);
  return {
    size: Math.min(size, Math.max(0, source.size - at)),
    read: (from, length) => source.read(at + from, length),
  };
}

function checkSum(header: Buffer, at: number): void {
  const sum = header.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 0x20 : byte), 0);
  if (sum !== tarNumber(header, 148, 8)) damaged(`the checksum of the header at byte ${at} is wrong`);
}

function blocks(bytes: number): number {
  return Math.ceil(bytes / BLOCK) * BLOCK;
}

function cString(bytes: Buffer): string {
  return bytes.toString('utf8').replace(/\0.*$/s, '');
}

function damaged(what: string): never {
  return fail('TAR_DAMAGED', `the tar archive is damaged: ${what}`);
}
