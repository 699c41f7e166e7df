/** Writes the boot image: partition table, GRUB, and the FAT with the loader's files. */
import { readFileSync } from 'node:fs';
import { createRaw, grubSectors, SECTOR, withMbr, type MbrPartition } from 'dsmb/disk';
import { step } from 'dsmb/step';
import { writeBootFat } from './boot-fat.ts';

interface Spec {
  readonly args: { readonly sizeMiB: number; readonly files: readonly string[] };
  readonly inputs: 'files' | 'bootImg' | 'coreImg';
  readonly outputs: 'image';
}

const MIB = 1024 * 1024;
const START = 2048;
const FAT16_LBA = 0x0e;
const DISK_ID = 0x6473_6d62;

export default step<Spec>(async ({ args, inputs, outputs, epoch }) => {
  const size = args.sizeMiB * MIB;
  const sectors = size / SECTOR - START;
  const partition: MbrPartition = { number: 1, active: true, type: FAT16_LBA, start: START, sectors };
  const grub = grubSectors({
    sector0: withMbr(Buffer.alloc(SECTOR), { diskId: DISK_ID, partitions: [partition] }),
    bootImg: readFileSync(inputs.bootImg),
    coreImg: readFileSync(inputs.coreImg),
    firstPartition: START,
  });
  using image = createRaw(outputs.image, size);
  image.write(0, grub.boot);
  image.write(SECTOR, grub.core);
  const fat = { write: (offset: number, bytes: Uint8Array) => image.write(START * SECTOR + offset, bytes) };
  writeBootFat(fat, { sectors, start: START, folder: inputs.files, files: args.files, epoch });
});
