/** Tables as sfdisk writes them, and what is left of one that is damaged. */
import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { examples } from '../../test/rig/campaign.ts';
import { Failure } from '../model/diagnostic.ts';
import { SECTOR } from './mbr.ts';
import { temporaryFolder } from './model.test-helper.ts';
import { readPartitions, type PartitionTable } from './partitions.ts';
import { bufferSource, fileSource } from './source.ts';

const MIB = 2 ** 20;
const SIZE = 16 * MIB;
const DOS = `label: dos
label-id: 0x12345678
start=2048, size=4096, type=83, bootable
start=8192, size=20480, type=5
start=10240, size=2048, type=82
start=14336, size=4096, type=fd
start=20480, size=1024, type=83
`;
const GPT = `label: gpt
start=2048, size=4096, type=U
start=8192, size=8192, type=L
`;

interface Listed {
  readonly node: string;
  readonly start: number;
  readonly size: number;
}

/** A raw image with a table that sfdisk has written, and what sfdisk lists of it. */
function image(script: string): { readonly bytes: Buffer; readonly listed: readonly Listed[] } {
  using folder = temporaryFolder();
  const raw = join(folder.path, 'disk');
  writeFileSync(raw, '');
  truncateSync(raw, SIZE);
  execFileSync('sfdisk', ['--quiet', raw], { input: script });
  const { partitiontable } = JSON.parse(execFileSync('sfdisk', ['--json', raw], { encoding: 'utf8' })) as {
    partitiontable: { partitions: (Listed & { node: string })[] };
  };
  const listed = partitiontable.partitions.map(({ node, start, size }) => ({
    node: node.slice(raw.length),
    start,
    size,
  }));
  return { bytes: readFileSync(raw), listed };
}

const dos = image(DOS);
const gpt = image(GPT);

const listOf = (table: PartitionTable | undefined) =>
  table?.partitions.map(({ number, start, sectors }) => ({ node: String(number), start, size: sectors }));
const changed = (bytes: Buffer, change: (copy: Buffer) => void): Buffer => {
  const copy = Buffer.from(bytes);
  change(copy);
  return copy;
};
const tableOf = (bytes: Buffer): PartitionTable | undefined => readPartitions(bufferSource(bytes));

test.each([
  ['dos, with logical partitions', dos],
  ['gpt', gpt],
])('sfdisk and we list the same of a table of the kind %s', (_what, { bytes, listed }) => {
  const table = tableOf(bytes);
  expect(listOf(table)).toEqual(listed);
  expect(table?.problems).toEqual([]);
});

describe('of a GPT', () => {
  test('whose primary header is damaged the copy is read, as sfdisk does', () => {
    const damaged = changed(gpt.bytes, (copy) => copy.fill(0, SECTOR + 8, SECTOR + 64));
    expect(listOf(tableOf(damaged))).toEqual(gpt.listed);
    expect(tableOf(damaged)?.problems).toEqual([expect.stringMatching(/primary GPT is damaged .*: this is its copy/)]);
  });

  test('whose first sectors are gone but for the protective MBR the copy is read', () => {
    const damaged = changed(gpt.bytes, (copy) => copy.fill(0, SECTOR, 40 * SECTOR));
    expect(listOf(tableOf(damaged))).toEqual(gpt.listed);
  });

  test('whose entries are damaged the copy is read', () => {
    const damaged = changed(gpt.bytes, (copy) => copy.fill(7, 2 * SECTOR, 2 * SECTOR + 20));
    expect(listOf(tableOf(damaged))).toEqual(gpt.listed);
  });

  test('that was cut the primary is read, and the lack of the copy is said', () => {
    const cut = gpt.bytes.subarray(0, 7 * MIB);
    expect(listOf(tableOf(cut))).toEqual(gpt.listed);
    expect(tableOf(cut)?.problems).toEqual([
      expect.stringMatching(/^the copy of the GPT at the end of the disk: /),
      'p2 ends at sector 16384, behind the disk',
    ]);
  });

  test('of which both are damaged it is said', () => {
    const damaged = changed(gpt.bytes, (copy) => {
      copy.fill(7, SECTOR + 20, SECTOR + 60);
      copy.fill(7, SIZE - SECTOR + 20, SIZE - SECTOR + 60);
    });
    expect(() => tableOf(damaged)).toThrow('the checksum of the GPT header is wrong');
  });
});

describe('of a DOS table', () => {
  test('of a disk that was cut all partitions are listed, with what is missing', () => {
    const table = tableOf(dos.bytes.subarray(0, 2 * MIB));
    expect(listOf(table)?.slice(0, 2)).toEqual(dos.listed.slice(0, 2));
    expect(table?.problems.join('\n')).toMatch(/p1 ends at sector 6144, behind the disk/);
  });

  test('whose chain of logical partitions goes in a circle the circle is said', () => {
    const second = dos.bytes.readUInt32LE(8192 * SECTOR + 462 + 8);
    const table = tableOf(changed(dos.bytes, (copy) => copy.writeUInt32LE(0, (8192 + second) * SECTOR + 462 + 8)));
    expect(table?.partitions.map(({ number }) => number)).toEqual([1, 2, 5, 6]);
    expect(table?.problems).toEqual(['the chain of logical partitions goes in a circle']);
  });

  test('whose chain breaks what lies before is listed', () => {
    const second = dos.bytes.readUInt32LE(8192 * SECTOR + 462 + 8);
    const table = tableOf(
      changed(dos.bytes, (copy) => copy.fill(0, (8192 + second) * SECTOR + 510, (8192 + second) * SECTOR + 512)),
    );
    expect(table?.partitions.map(({ number }) => number)).toEqual([1, 2, 5]);
    expect(table?.problems).toEqual([expect.stringMatching(/^the chain of logical partitions breaks: sector \d+/)]);
  });

  test('partitions that lie on each other are said', () => {
    const table = tableOf(changed(dos.bytes, (copy) => copy.writeUInt32LE(9000, 446 + 12)));
    expect(table?.problems).toEqual(['p1 and p5 overlap']);
  });
});

test('whatever is damaged, the rest is described, in the end', () => {
  const places = fc.oneof(
    fc.nat(64 * 1024),
    fc.nat(64 * 1024).map((at) => SIZE - 1 - at),
    fc.nat(SIZE - 1),
  );
  const hits = fc.array(fc.tuple(places, fc.nat(255)), { minLength: 1, maxLength: 40 });
  const tables = fc.array(fc.tuple(fc.integer({ min: 446, max: 511 }), fc.nat(255)), { maxLength: 8 });
  fc.assert(
    fc.property(
      fc.constantFrom(dos.bytes, gpt.bytes),
      hits,
      tables,
      fc.integer({ min: 0, max: SIZE }),
      (bytes, list, table, size) => {
        const damaged = changed(bytes, (copy) => {
          for (const [at, value] of list) copy[at] = value;
          for (const [at, value] of table) for (const sector of [0, 8192]) copy[sector * SECTOR + at] = value;
        });
        const disk = bufferSource(damaged.subarray(0, size));
        try {
          readPartitions(disk);
        } catch (error) {
          expect(error).toBeInstanceOf(Failure);
        }
      },
    ),
    { numRuns: examples(1000) },
  );
});

const DEVICE = readdirSync('/sys/class/block').find((name) => isReadable(`/dev/${name}`));

function isReadable(path: string): boolean {
  try {
    closeSync(openSync(path, 'r'));
    return true;
  } catch {
    return false;
  }
}

if (DEVICE === undefined) console.warn('SKIPPED: this user may read no block device, so its size is not looked at');

test.skipIf(DEVICE === undefined)('a block device has the size that the kernel tells', () => {
  using disk = fileSource(`/dev/${DEVICE}`);
  expect(disk.size).toBe(512 * Number(readFileSync(`/sys/class/block/${DEVICE}/size`, 'utf8')));
});
