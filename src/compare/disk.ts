/** Disks with a partition table: MBR and GPT by field, each partition by what it holds, and what lies between them. */
import { hasGpt, partitionSource, readPartitions, SECTOR, type ByteSource, type Partition } from '../disk/index.ts';
import { compareEntries } from './entries.ts';
import { slicePair, type Comparer, type Finding, type Inside, type Pair } from './finding.ts';
import { compareRecords, type Field } from './record.ts';
import { guid, hexNumber, number, quote } from './show.ts';

const MBR: readonly Field[] = [
  { name: 'boot code', at: 0, size: 440 },
  { name: 'MBR disk signature', at: 440, size: 4, show: hexNumber },
  ...[1, 2, 3, 4].flatMap((place): Field[] => {
    const at = 446 + 16 * (place - 1);
    return [
      { name: `MBR entry ${place} active flag`, at, size: 1 },
      { name: `MBR entry ${place} first sector (CHS)`, at: at + 1, size: 3 },
      { name: `MBR entry ${place} type`, at: at + 4, size: 1 },
      { name: `MBR entry ${place} last sector (CHS)`, at: at + 5, size: 3 },
      { name: `MBR entry ${place} first sector`, at: at + 8, size: 4, show: number },
      { name: `MBR entry ${place} sectors`, at: at + 12, size: 4, show: number },
    ];
  }),
];

/** UEFI specification, chapter 5. */
const GPT_HEADER: readonly Field[] = [
  { name: 'GPT header checksum', at: 16, size: 4, derived: true },
  { name: 'GPT place of the backup', at: 32, size: 8, show: number },
  { name: 'GPT first usable sector', at: 40, size: 8, show: number },
  { name: 'GPT last usable sector', at: 48, size: 8, show: number },
  { name: 'GPT disk GUID', at: 56, size: 16, show: guid },
  { name: 'GPT place of the entries', at: 72, size: 8, show: number },
  { name: 'GPT number of entries', at: 80, size: 4, show: number },
  { name: 'GPT checksum of the entries', at: 88, size: 4, derived: true },
];

const GPT_ENTRY_SIZE = 128;
const GPT_ENTRIES = 128;
/** Protective MBR, header, entries. */
const GPT_SECTORS = 34;

const gptEntry = (place: number): Field[] => {
  const at = (place - 1) * GPT_ENTRY_SIZE;
  return [
    { name: `GPT entry ${place} type GUID`, at, size: 16, show: guid },
    { name: `GPT entry ${place} partition GUID`, at: at + 16, size: 16, show: guid },
    { name: `GPT entry ${place} first sector`, at: at + 32, size: 8, show: number },
    { name: `GPT entry ${place} last sector`, at: at + 40, size: 8, show: number },
    { name: `GPT entry ${place} attributes`, at: at + 48, size: 8 },
    {
      name: `GPT entry ${place} name`,
      at: at + 56,
      size: 72,
      show: (bytes) => quote(bytes.toString('utf16le').replace(/\0.*$/s, '')),
    },
  ];
};

export const diskComparer: Comparer = {
  name: 'a disk',
  recognises: (source) => (readPartitions(source)?.partitions.length ?? 0) > 0,
  async *compare(pair, inside) {
    yield* compareRecords('MBR', MBR, pair.before.read(0, SECTOR), pair.after.read(0, SECTOR));
    const gpt = hasGpt(pair.before) && hasGpt(pair.after);
    if (gpt) yield* compareGpt(pair);
    const [before, after] = [partitionsOf(pair.before), partitionsOf(pair.after)];
    yield* compareEntries('partition', before, after, (name, a, b) => inside.part(partitionPair(pair, a, b), name));
    yield* compareGaps(pair, [...before.values(), ...after.values()], gpt ? GPT_SECTORS : 1, inside);
  },
};

/** The backup at the end follows from the table at the start. */
function* compareGpt({ before, after }: Pair): Generator<Finding> {
  yield* compareRecords('GPT header', GPT_HEADER, before.read(SECTOR, SECTOR), after.read(SECTOR, SECTOR));
  const entries = (source: ByteSource): Buffer => source.read(2 * SECTOR, GPT_ENTRIES * GPT_ENTRY_SIZE);
  const fields = Array.from({ length: GPT_ENTRIES }, (_, index) => gptEntry(index + 1)).flat();
  yield* compareRecords('GPT entries', fields, entries(before), entries(after));
}

function partitionsOf(disk: ByteSource): Map<string, Partition> {
  return new Map(readPartitions(disk)?.partitions.map((partition) => [`p${partition.number}`, partition]) ?? []);
}

function partitionPair(pair: Pair, a: Partition, b: Partition): Pair {
  const [before, after] = [partitionSource(pair.before, a), partitionSource(pair.after, b)];
  if (a.start !== b.start) return { before, after };
  const same = slicePair(pair, a.start * SECTOR, Math.max(before.size, after.size)).same;
  return { before, after, ...(same ? { same } : {}) };
}

/** What lies in no partition of either side. */
async function* compareGaps(
  pair: Pair,
  partitions: readonly Partition[],
  first: number,
  inside: Inside,
): AsyncGenerator<Finding> {
  let start = first * SECTOR;
  for (const partition of partitions.toSorted((a, b) => a.start - b.start)) {
    const gap = start === first * SECTOR ? 'before the partitions' : 'between the partitions';
    yield* inGap(pair, start, partition.start * SECTOR, gap, inside);
    start = Math.max(start, (partition.start + partition.sectors) * SECTOR);
  }
  yield* inGap(pair, start, Math.max(pair.before.size, pair.after.size), 'behind the partitions', inside);
}

/** Offsets are those of the disk. */
async function* inGap(pair: Pair, start: number, end: number, gap: string, inside: Inside): AsyncGenerator<Finding> {
  if (end <= start) return;
  for await (const finding of inside.part(slicePair(pair, start, end - start))) {
    const what = finding.what.replace(/^byte (\d+)/, (_all, at: string) => `byte ${Number(at) + start}`);
    yield { ...finding, at: [gap, ...finding.at], what: finding.at.length === 0 ? what : finding.what };
  }
}
