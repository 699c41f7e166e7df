/** What a comparison finds, and what its parts are: pairs of bytes, and comparers that know one format each. */
import type { ByteSource } from '../disk/index.ts';

/** One thing that differs, in the words of its format. */
export interface Finding {
  /** From the outside in: `['disk.raw', 'p1', '/boot/grub.cfg']`. */
  readonly at: readonly string[];
  /** For example `FAT volume id`, `mtime`, `line 3`, `byte 120`. */
  readonly what: string;
  readonly before: string;
  readonly after: string;
}

/** Two versions of the same thing. */
export interface Pair {
  readonly before: ByteSource;
  readonly after: ByteSource;
  /** True where both are known to be equal without reading; offsets are those of both. */
  readonly same?: (offset: number, length: number) => boolean;
}

/** What a comparer may ask for while it compares. */
export interface Inside {
  /** What differs in a part, by whatever format the part has. `at` names the part; without it, it is the whole. */
  part(pair: Pair, ...at: string[]): AsyncGenerator<Finding>;
  /** The content of something compressed, as bytes that can be read anywhere. */
  unpacked(source: ByteSource, format: Compression): Promise<ByteSource>;
}

export type Compression = 'gzip' | 'xz' | 'lzma' | 'zstd';

/** Knows one format. */
export interface Comparer {
  /** For people, with its article: `a FAT file system`. */
  readonly name: string;
  /** Looks at a few bytes. Must not throw but for `Failure`s, which count as false. */
  readonly recognises: (source: ByteSource) => boolean;
  /** Both sides are recognised, and differ somewhere. Damage is a `Failure`: the bytes are told instead. */
  readonly compare: (pair: Pair, inside: Inside) => AsyncGenerator<Finding> | Generator<Finding>;
}

/** The same range of both sides. */
export function slicePair(pair: Pair, offset: number, length: number): Pair {
  const slice = (source: ByteSource): ByteSource => {
    const size = Math.max(0, Math.min(length, source.size - offset));
    return { size, read: (from, count) => source.read(offset + from, count) };
  };
  const { same } = pair;
  return {
    before: slice(pair.before),
    after: slice(pair.after),
    ...(same ? { same: (from: number, count: number) => same(offset + from, count) } : {}),
  };
}

/** `dsm.tar > disk.raw > p1 > FAT volume id: 1234-ABCD -> 5678-EF01`. */
export function formatFinding({ at, what, before, after }: Finding): string {
  return `${[...at, what].join(' > ')}: ${before} -> ${after}`;
}
