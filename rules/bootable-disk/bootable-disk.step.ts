/** Edits the disk: table, GRUB, boot partition. All other blocks are links to the input's. */
import { readFileSync } from 'node:fs';
import { editDisk, grubSectors, openDisk, parseMbr, SECTOR, withMbr } from 'dsmb/disk';
import { fail, step } from 'dsmb/step';
import type { FixedPartition } from './layout.ts';
import { bootableTable } from './partition-table.ts';

interface Spec {
  readonly args: { readonly boot: FixedPartition; readonly sizeBytes?: number };
  readonly inputs: 'disk' | 'boot' | 'bootImg' | 'coreImg';
  readonly outputs: 'bootable';
}

export default step<Spec>(async ({ args, inputs, outputs, log }) => {
  const before = openDisk(inputs.disk);
  const boot = openDisk(inputs.boot);
  const size = args.sizeBytes ?? before.size;
  if (size < before.size) fail('DISK_TOO_SMALL', `sizeBytes is ${size}, but the disk has ${before.size} bytes`);
  if (boot.size !== args.boot.sectors * SECTOR)
    fail('DISK_LAYOUT', `the boot file system has ${boot.size / SECTOR} sectors instead of ${args.boot.sectors}`);

  const disk = editDisk({ from: inputs.disk, to: outputs.bootable, size });
  const table = bootableTable(parseMbr(disk.read(0, SECTOR)), Math.floor(size / SECTOR));
  const grub = grubSectors({
    sector0: withMbr(disk.read(0, SECTOR), table),
    bootImg: readFileSync(inputs.bootImg),
    coreImg: readFileSync(inputs.coreImg),
    firstPartition: Math.min(...table.partitions.map(({ start }) => start)),
  });
  disk.write(0, grub.boot);
  disk.write(SECTOR, grub.core);
  disk.splice(boot, args.boot.start * SECTOR);
  const { written, linked } = disk.finish();
  log(`${written} blocks written, ${linked} links`);
});
