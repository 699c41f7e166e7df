/** Puts a file system into a disk that boots: a DOS table with one active partition, and GRUB in front of it. */
import { readFileSync } from 'node:fs';
import { editDisk, grubSectors, openDisk, SECTOR, withMbr, type MbrPartition } from 'dsmb/disk';
import { step } from 'dsmb/step';

interface Spec {
  readonly args: Record<string, never>;
  readonly inputs: 'root' | 'bootImg' | 'coreImg';
  readonly outputs: 'disk';
}

/** 1 MiB, where a block of the disk begins: the file system's blocks become the disk's without a copy. */
const START = 2048;
const LINUX = 0x83;
const DISK_ID = 0x6465_6269;

export default step<Spec>(async ({ inputs, outputs }) => {
  const root = openDisk(inputs.root);
  const partition: MbrPartition = { number: 1, active: true, type: LINUX, start: START, sectors: root.size / SECTOR };
  const disk = editDisk({ to: outputs.disk, size: START * SECTOR + root.size });
  const grub = grubSectors({
    sector0: withMbr(Buffer.alloc(SECTOR), { diskId: DISK_ID, partitions: [partition] }),
    bootImg: readFileSync(inputs.bootImg),
    coreImg: readFileSync(inputs.coreImg),
    firstPartition: START,
  });
  disk.write(0, grub.boot);
  disk.write(SECTOR, grub.core);
  disk.splice(root, START * SECTOR);
  disk.finish();
});
