/** gzip, xz, LZMA-alone and zstd: their headers, and what they hold. */
import type { ByteSource } from '../disk/index.ts';
import { firstDifference } from './bytes.ts';
import type { Comparer, Compression, Finding, Inside, Pair } from './finding.ts';
import { compareRecords, type Field } from './record.ts';
import { number, quote, time } from './show.ts';

/** RFC 1952. */
const GZIP_HEADER: readonly Field[] = [
  { name: 'gzip header flags', at: 3, size: 1 },
  { name: 'gzip header mtime', at: 4, size: 4, show: time },
  { name: 'gzip header extra flags (level)', at: 8, size: 1, show: number },
  { name: 'gzip header OS', at: 9, size: 1, show: number },
];
const GZIP_FLAG = { extra: 4, name: 8, comment: 16 } as const;
const MAX_HEADER = 64 * 1024;

export const gzipComparer: Comparer = {
  name: 'gzip',
  recognises: startsWith(0x1f, 0x8b, 8),
  async *compare(pair, inside) {
    const [before, after] = [gzipHeader(pair.before), gzipHeader(pair.after)];
    yield* compareRecords('gzip header', GZIP_HEADER, before.fixed, after.fixed);
    for (const key of ['name', 'comment'] as const)
      if (before[key] !== after[key])
        yield { at: [], what: `gzip header ${key}`, before: shown(before[key]), after: shown(after[key]) };
    yield* compareContent(pair, inside, 'gzip');
  },
};

export const xzComparer = compressed('xz', startsWith(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0));
export const zstdComparer = compressed('zstd', startsWith(0x28, 0xb5, 0x2f, 0xfd));
/** It has no magic: properties 0x5d, and a dictionary of 2^n or 3·2^n bytes. */
export const lzmaComparer = compressed('lzma', (source) => {
  if (source.size < 13) return false;
  const bytes = source.read(0, 13);
  const dictionary = bytes.readUInt32LE(1);
  const odd = dictionary / (dictionary & -dictionary || 1);
  return bytes[0] === 0x5d && dictionary >= 4096 && (odd === 1 || odd === 3 || dictionary === 0xffff_ffff);
});

function compressed(format: Compression, recognises: Comparer['recognises']): Comparer {
  return { name: format, recognises, compare: (pair, inside) => compareContent(pair, inside, format) };
}

async function* compareContent(pair: Pair, inside: Inside, format: Compression): AsyncGenerator<Finding> {
  const before = await inside.unpacked(pair.before, format);
  const after = await inside.unpacked(pair.after, format);
  const at = await firstDifference({ before, after });
  if (at !== undefined) return yield* inside.part({ before, after });
  if (pair.before.size !== pair.after.size)
    yield {
      at: [],
      what: `${format} compression of equal content`,
      before: `${pair.before.size} bytes`,
      after: `${pair.after.size} bytes`,
    };
}

interface GzipHeader {
  readonly fixed: Buffer;
  readonly name?: string;
  readonly comment?: string;
}

function gzipHeader(source: ByteSource): GzipHeader {
  const bytes = source.read(0, Math.min(MAX_HEADER, source.size));
  const flags = bytes[3] ?? 0;
  let at = 10;
  if ((flags & GZIP_FLAG.extra) !== 0) at += 2 + (at + 2 <= bytes.length ? bytes.readUInt16LE(at) : 0);
  const text = (): string => {
    const end = bytes.indexOf(0, at);
    const found = bytes.toString('latin1', at, end < 0 ? bytes.length : end);
    at = end < 0 ? bytes.length : end + 1;
    return found;
  };
  return {
    fixed: bytes.subarray(0, 10),
    ...((flags & GZIP_FLAG.name) !== 0 ? { name: text() } : {}),
    ...((flags & GZIP_FLAG.comment) !== 0 ? { comment: text() } : {}),
  };
}

function shown(value: string | undefined): string {
  return value === undefined ? 'none' : quote(value);
}

function startsWith(...magic: number[]): Comparer['recognises'] {
  return (source) => source.size > magic.length && source.read(0, magic.length).equals(Buffer.from(magic));
}
