import { readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkDisk, openDisk, openFat, parseMbr, SECTOR, sliceSource } from 'dsmb/disk';
import { expect, test } from 'vitest';
import { BOOT_FILES } from '../boot-image/boot-files.ts';
import bootPartition from '../boot-partition/boot-partition.step.ts';
import bootableDisk from './bootable-disk.step.ts';
import { BOOT_PARTITION } from './layout.ts';
import { Workspace } from './steps.test-helper.ts';

const GIB = 2 ** 30;

async function makeBootable(work: Workspace, sizeBytes?: number): Promise<string> {
  writeFileSync(work.at('boot.img'), Buffer.alloc(512, 1));
  writeFileSync(work.at('core.img'), Buffer.alloc(5000, 2));
  const files = work.loaderFiles('files', 'set mac1=525400C91827\n');
  await work.run(bootPartition, { ...BOOT_PARTITION, files: BOOT_FILES }, { files }, { boot: work.at('boot') });
  const disk = work.installedDisk('installed', 6 * GIB);
  const inputs = { disk, boot: work.at('boot'), bootImg: work.at('boot.img'), coreImg: work.at('core.img') };
  const args = { boot: BOOT_PARTITION, ...(sizeBytes === undefined ? {} : { sizeBytes }) };
  await work.run(bootableDisk, args, inputs, { bootable: work.at('bootable') });
  return work.at('bootable');
}

test('the disk has GRUB, four partitions, and the files; what was installed is linked', async () => {
  using work = new Workspace();
  const folder = await makeBootable(work);
  checkDisk(folder);
  const disk = openDisk(folder);
  const table = parseMbr(disk.read(0, SECTOR));
  expect(table.diskId).toBe(0x1234_5678);
  expect(table.partitions.map(({ number, active }) => [number, active])).toEqual([
    [1, false],
    [2, false],
    [3, false],
    [4, true],
  ]);
  expect(disk.read(SECTOR, 5000).subarray(1000, 1010).equals(Buffer.alloc(10, 2))).toBe(true);
  const { start, sectors } = BOOT_PARTITION;
  const fat = openFat(sliceSource(disk, start * SECTOR, sectors * SECTOR));
  expect([...fat.walk()].filter((entry) => !entry.directory).map((entry) => entry.path)).toEqual(
    expect.arrayContaining([...BOOT_FILES]),
  );
  const linkOf = (path: string) => readlinkSync(join(folder, 'blocks', path));
  expect(linkOf('0000/01')).toBe(work.at('installed/blocks/0000/01'));
  expect(linkOf('0009')).toBe(work.at('installed/blocks/0009'));
  expect(linkOf('0011/81')).toBe(work.at('boot/blocks/0000/00'));
});

test('the disk can grow, but not shrink', async () => {
  using work = new Workspace();
  const disk = openDisk(await makeBootable(work, 8 * GIB));
  const data = parseMbr(disk.read(0, SECTOR)).partitions.find(({ number }) => number === 3);
  expect(data && (data.start + data.sectors) * SECTOR).toBe(8 * GIB);
  using other = new Workspace();
  await expect(makeBootable(other, 5 * GIB)).rejects.toThrow('sizeBytes is');
});
