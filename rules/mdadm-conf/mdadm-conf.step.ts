/** Reads the superblocks of a disk's RAID partitions and writes mdadm.conf. */
import { writeFileSync } from 'node:fs';
import { checkMbr, formatMdadmScan, openDisk, parseMbr, readMdSuperblock, SECTOR, sliceSource } from 'dsmb/disk';
import { fail, step } from 'dsmb/step';

interface Spec {
  readonly args: object;
  readonly inputs: 'disk';
  readonly outputs: 'conf';
}

const RAID = 0xfd;

export default step<Spec>(async ({ inputs, outputs }) => {
  const disk = openDisk(inputs.disk);
  const table = parseMbr(disk.read(0, SECTOR));
  checkMbr(table, disk.size / SECTOR);
  const superblocks = table.partitions
    .filter(({ type }) => type === RAID)
    .map(({ number, start, sectors }) =>
      readMdSuperblock(sliceSource(disk, start * SECTOR, sectors * SECTOR, `partition ${number}`)),
    );
  const arrays = superblocks.filter((superblock) => superblock !== undefined);
  if (arrays.length === 0)
    fail('NO_ARRAYS', 'no partition of the disk belongs to an array', {
      detail: table.partitions.map(({ number, type }) => `partition ${number}: type ${type.toString(16)}`).join('\n'),
      hint: 'the system was not installed on this disk: build installedDisk again',
    });
  writeFileSync(outputs.conf, formatMdadmScan(arrays));
});
