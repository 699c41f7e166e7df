/** Members of md arrays: the superblock by field (Linux, `drivers/md/md.c`, `md_p.h`), then what the array holds. */
import { readMdSuperblock, type ByteSource, type MdSuperblock } from '../disk/index.ts';
import { memberContent } from '../disk/md-member.ts';
import type { Comparer } from './finding.ts';
import { compareRecords, type Field } from './record.ts';
import { hexNumber, number, text, time, uuid, type Show } from './show.ts';

const word = (index: number, name: string, show: Show = number, derived = false): Field => ({
  name: `md superblock ${name}`,
  at: 4 * index,
  size: 4,
  show,
  derived,
});

/** Version 0.90: words of 32 bits. */
const VERSION_0: readonly Field[] = [
  word(6, 'ctime', time),
  word(7, 'level'),
  word(8, 'size'),
  word(9, 'number of disks'),
  word(10, 'raid disks'),
  word(11, 'preferred minor'),
  word(32, 'utime', time),
  word(33, 'state'),
  word(34, 'active disks'),
  word(35, 'working disks'),
  word(36, 'failed disks'),
  word(37, 'spare disks'),
  word(38, 'checksum', hexNumber, true),
  { name: 'md superblock events', at: 39 * 4, size: 8, show: number },
  { name: 'md superblock events at checkpoint', at: 41 * 4, size: 8, show: number },
  word(43, 'recovery checkpoint'),
  { name: 'md superblock disk descriptors', at: 512, size: 27 * 128 },
  { name: 'md superblock descriptor of this disk', at: 3968, size: 128 },
];

/** Versions 1.0 to 1.2. */
const VERSION_1: readonly Field[] = [
  { name: 'md superblock array name', at: 32, size: 32, show: text },
  { name: 'md superblock ctime', at: 64, size: 8, show: time },
  { name: 'md superblock level', at: 72, size: 4, show: number },
  { name: 'md superblock size', at: 80, size: 8, show: number },
  { name: 'md superblock raid disks', at: 92, size: 4, show: number },
  { name: 'md superblock bitmap offset', at: 96, size: 4, show: number },
  { name: 'md superblock data offset', at: 128, size: 8, show: number },
  { name: 'md superblock data size', at: 136, size: 8, show: number },
  { name: 'md superblock recovery offset', at: 152, size: 8, show: number },
  { name: 'md superblock device number', at: 160, size: 4, show: number },
  { name: 'md superblock device UUID', at: 168, size: 16, show: uuid },
  { name: 'md superblock utime', at: 192, size: 8, show: time },
  { name: 'md superblock events', at: 200, size: 8, show: number },
  { name: 'md superblock resync offset', at: 208, size: 8, show: number },
  { name: 'md superblock checksum', at: 216, size: 4, show: hexNumber, derived: true },
];

/** Bytes of the array's UUID and of the checksum. */
const TOLD_0 = [
  [20, 24],
  [52, 64],
  [152, 156],
] as const;
const TOLD_1 = [
  [16, 32],
  [216, 220],
] as const;

const SIZE = 4096;

export const mdComparer: Comparer = {
  name: 'a member of an md array',
  recognises: (source) => readMdSuperblock(source) !== undefined,
  async *compare({ before, after, same }, inside) {
    const [a, b] = [readMdSuperblock(before)!, readMdSuperblock(after)!];
    if (a.version !== b.version)
      return yield { at: [], what: 'md superblock version', before: a.version, after: b.version };
    const [fields, uuids] = a.version === '0.90' ? [VERSION_0, TOLD_0] : [VERSION_1, TOLD_1];
    if (a.uuid !== b.uuid) yield { at: [], what: 'md superblock array UUID', before: a.uuid, after: b.uuid };
    // The UUID of 0.90 lies in two places, and is told as one; the checksum follows from it.
    const told = a.uuid === b.uuid ? [] : uuids;
    const [x, y] = [without(told, superblock(before, a)), without(told, superblock(after, b))];
    yield* compareRecords('md superblock', fields, x, y);
    const content = [memberContent(before, a), memberContent(after, b)] as const;
    if (!content[0] || !content[1]) return;
    const hint = same && a.data.offset === 0 && b.data.offset === 0 ? { same } : {};
    yield* inside.part({ before: content[0], after: content[1], ...hint });
  },
};

function without(ranges: readonly (readonly [start: number, end: number])[], record: Buffer): Buffer {
  for (const [start, end] of ranges) record.fill(0, start, end);
  return record;
}

function superblock(source: ByteSource, { at }: MdSuperblock): Buffer {
  return source.read(at, SIZE);
}
