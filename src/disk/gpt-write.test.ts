import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { editDisk } from './editor.ts';
import { GPT_FIRST_USABLE, writeGpt } from './gpt-write.ts';
import { parseGpt, type GptPartition } from './gpt.ts';
import { SECTOR } from './mbr.ts';
import { temporaryFolder } from './model.test-helper.ts';
import { readPartitions } from './partitions.ts';
import { diskToRaw } from './raw.ts';
import { openDisk } from './reader.ts';

const SECTORS = 200_001;
const EFI = 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B';
const guid = fc.uuid().map((text) => text.toUpperCase());
/** Gaps and lengths, one after the other. */
const partitions = fc
  .array(
    fc.record({
      gap: fc.nat(1000),
      sectors: fc.integer({ min: 1, max: 20_000 }),
      id: guid,
      name: fc.string({ unit: fc.constantFrom('a', 'é', '☃', ' '), maxLength: 36 }),
    }),
    { maxLength: 8 },
  )
  .map((list) => {
    let free = GPT_FIRST_USABLE;
    return list.map(({ gap, sectors, id, name }, index): GptPartition => {
      const start = free + gap;
      free = start + sectors;
      return { number: index + 1, type: EFI, id, name, start, sectors };
    });
  });

test('a table is read as it was written', () => {
  fc.assert(
    fc.property(guid, partitions, (diskId, list) => {
      using folder = temporaryFolder();
      const disk = editDisk({ to: join(folder.path, 'disk'), size: SECTORS * SECTOR });
      writeGpt(disk, { diskId, partitions: list });
      disk.finish();
      expect(parseGpt(openDisk(join(folder.path, 'disk')))).toEqual({ diskId, partitions: list });
    }),
    { numRuns: 40 },
  );
});

test('sfdisk finds both tables sound and reads the same', () => {
  using folder = temporaryFolder();
  const disk = editDisk({ to: join(folder.path, 'disk'), size: SECTORS * SECTOR });
  const id = '0FC63DAF-0000-4772-8E79-3D69D8477DE4';
  writeGpt(disk, {
    diskId: id,
    partitions: [{ number: 3, type: EFI, id, name: 'boot ☃', start: 2048, sectors: 4096 }],
  });
  disk.finish();
  const raw = join(folder.path, 'raw');
  diskToRaw(join(folder.path, 'disk'), raw);
  expect(execFileSync('sfdisk', ['--verify', raw], { encoding: 'utf8' })).toMatch(/No errors detected/);
  const { partitiontable } = JSON.parse(execFileSync('sfdisk', ['--json', raw], { encoding: 'utf8' }));
  expect(partitiontable).toMatchObject({ label: 'gpt', id, firstlba: 34, lastlba: SECTORS - 34 });
  expect(partitiontable.partitions).toEqual([
    { node: `${raw}3`, start: 2048, size: 4096, type: EFI, uuid: id, name: 'boot ☃' },
  ]);
  expect(readPartitions(openDisk(join(folder.path, 'disk')))).toEqual({
    scheme: 'gpt',
    diskId: id,
    partitions: [{ number: 3, start: 2048, sectors: 4096, type: 'EFI system', active: false, name: 'boot ☃' }],
    problems: [],
  });
});

test.each([
  [
    'overlap',
    [
      [2048, 10],
      [2050, 10],
    ],
    /partition 2 starts at sector 2050, before 2058/,
  ],
  ['lie in the table', [[33, 10]], /before 34/],
  ['reach into the backup table', [[2048, SECTORS - 2048 - 32]], /do not end before/],
  ['are empty', [[2048, 0]], /0 sectors/],
] as const)('partitions that %s are refused', (_what, list, message) => {
  using folder = temporaryFolder();
  const disk = editDisk({ to: join(folder.path, 'disk'), size: SECTORS * SECTOR });
  const partitions = list.map(([start, sectors], index) => ({
    number: index + 1,
    type: EFI,
    id: EFI,
    name: '',
    start,
    sectors,
  }));
  expect(() => writeGpt(disk, { diskId: EFI, partitions })).toThrow(message);
});
