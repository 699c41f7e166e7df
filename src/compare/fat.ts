/** FAT file systems: boot sector and FSInfo by field, directory entries, then files by path. */
import { openFat, type ByteSource, type FatVolume } from '../disk/index.ts';
import { identifyFileSystem } from '../disk/file-system.ts';
import { VOLUME_LABEL, type FatRecord } from '../disk/fat/reader.ts';
import { compareEntries, keyed } from './entries.ts';
import type { Comparer, Finding, Inside } from './finding.ts';
import { compareDescribed, compareRecords, type Field } from './record.ts';
import { hexNumber, number, printableName, quote, type Show } from './show.ts';

const padded: Show = (bytes) => quote(bytes.toString('latin1').trimEnd());

/** As `blkid` and `fsck.fat` print it: `1234-ABCD`. */
const serial: Show = (bytes) =>
  bytes
    .readUInt32LE(0)
    .toString(16)
    .toUpperCase()
    .padStart(8, '0')
    .replace(/^(.{4})/, '$1-');

const BOOT: readonly Field[] = [
  { name: 'FAT OEM name', at: 3, size: 8, show: padded },
  { name: 'FAT bytes per sector', at: 11, size: 2, show: number },
  { name: 'FAT sectors per cluster', at: 13, size: 1, show: number },
  { name: 'FAT reserved sectors', at: 14, size: 2, show: number },
  { name: 'FAT number of tables', at: 16, size: 1, show: number },
  { name: 'FAT root entries', at: 17, size: 2, show: number },
  { name: 'FAT sectors (16 bit)', at: 19, size: 2, show: number },
  { name: 'FAT media descriptor', at: 21, size: 1 },
  { name: 'FAT sectors per table (16 bit)', at: 22, size: 2, show: number },
  { name: 'FAT sectors per track', at: 24, size: 2, show: number },
  { name: 'FAT heads', at: 26, size: 2, show: number },
  { name: 'FAT hidden sectors', at: 28, size: 4, show: number },
  { name: 'FAT sectors (32 bit)', at: 32, size: 4, show: number },
];

/** The extended part, which lies further back in FAT 32. */
const extended = (at: number): Field[] => [
  { name: 'FAT drive number', at, size: 1 },
  { name: 'FAT dirty flags', at: at + 1, size: 1 },
  { name: 'FAT volume id', at: at + 3, size: 4, show: serial },
  { name: 'FAT volume label in the boot sector', at: at + 7, size: 11, show: padded },
  { name: 'FAT type text', at: at + 18, size: 8, show: padded },
  { name: 'FAT boot code', at: at + 26, size: 510 - at - 26 },
];

const FAT_16: readonly Field[] = [...BOOT, ...extended(36)];
const FAT_32: readonly Field[] = [
  ...BOOT,
  { name: 'FAT sectors per table (32 bit)', at: 36, size: 4, show: number },
  { name: 'FAT root cluster', at: 44, size: 4, show: number },
  ...extended(64),
];
const FS_INFO: readonly Field[] = [
  { name: 'FSInfo free clusters', at: 488, size: 4, show: number },
  { name: 'FSInfo next free cluster', at: 492, size: 4, show: number },
];

const date: Show = (bytes) => {
  const value = bytes.readUInt16LE(0);
  const part = (shift: number, mask: number) => String((value >> shift) & mask).padStart(2, '0');
  return `${1980 + (value >> 9)}-${part(5, 15)}-${part(0, 31)}`;
};
const timeOfDay: Show = (bytes) => {
  const value = bytes.readUInt16LE(0);
  return [value >> 11, (value >> 5) & 63, (value & 31) * 2].map((part) => String(part).padStart(2, '0')).join(':');
};
const moment: Show = (bytes) => `${date(bytes.subarray(2))} ${timeOfDay(bytes)}`;

const ENTRY: readonly Field[] = [
  { name: 'FAT directory entry short name', at: 0, size: 11, show: padded },
  { name: 'FAT directory entry attributes', at: 11, size: 1, show: hexNumber },
  { name: 'FAT directory entry case flags', at: 12, size: 1, show: hexNumber },
  { name: 'FAT directory entry creation time (10 ms)', at: 13, size: 1, show: number },
  { name: 'FAT directory entry creation time', at: 14, size: 4, show: moment },
  { name: 'FAT directory entry access date', at: 18, size: 2, show: date },
  { name: 'FAT directory entry first cluster (high)', at: 20, size: 2, show: number, derived: true },
  { name: 'FAT directory entry write time', at: 22, size: 4, show: moment },
  { name: 'FAT directory entry first cluster', at: 26, size: 2, show: number, derived: true },
  { name: 'FAT directory entry size', at: 28, size: 4, show: number, derived: true },
];

export const fatComparer: Comparer = {
  name: 'a FAT file system',
  recognises: (source) => identifyFileSystem(source)?.type.startsWith('fat') === true,
  async *compare({ before, after }, inside) {
    const [a, b] = [openFat(before), openFat(after)];
    const fields = a.type === 32 ? FAT_32 : FAT_16;
    yield* compareRecords('FAT boot sector', fields, before.read(0, 512), after.read(0, 512));
    if (a.type === 32 && b.type === 32) yield* compareRecords('FSInfo', FS_INFO, fsInfo(before), fsInfo(after));
    yield* compareEntries('file', recordsOf(a), recordsOf(b), (path, x, y) => entryFindings(path, x, y, inside));
  },
};

function fsInfo(source: ByteSource): Buffer {
  return source.read(source.read(48, 2).readUInt16LE(0) * 512, 512);
}

function recordsOf(volume: FatVolume): Map<string, FatRecord> {
  return keyed([...volume.records()].map((found) => [nameOf(found.path), found] as const));
}

function nameOf(path: string): string {
  return path === VOLUME_LABEL ? 'the volume label' : `/${path}`;
}

async function* entryFindings(
  name: string,
  before: FatRecord,
  after: FatRecord,
  inside: Inside,
): AsyncGenerator<Finding> {
  const content =
    before.content && after.content ? inside.part({ before: before.content(), after: after.content() }) : undefined;
  for await (const finding of compareDescribed('FAT directory entry', ENTRY, before.record, after.record, content))
    yield { ...finding, at: [printableName(name), ...finding.at] };
}
