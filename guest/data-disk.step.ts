/** Makes a data disk: its table, the superblock of its array, and its file system. */
import { editDisk, fileSource, SECTOR, withMbr } from 'dsmb/disk';
import { run, step } from 'dsmb/step';
import { join } from 'node:path';
import { mirrorSuperblock, SUPERBLOCK_AT } from './md-superblock.ts';

interface Spec {
  readonly args: {
    readonly sizeMiB: number;
    readonly fileSystem?: string;
    readonly array?: { readonly uuid: string; readonly name: string };
  };
  readonly inputs: never;
  readonly outputs: 'disk';
}

const MIB = 1024 * 1024;
const LINUX = 0x83;
const RAID = 0xfd;
/** Where the partition begins in the disk, and the data of an array in the partition. */
const START = MIB;
const DATA_OFFSET = MIB;

export default step<Spec>(async ({ args, outputs, scratch, epoch }) => {
  const { sizeMiB, fileSystem, array } = args;
  const disk = editDisk({ to: outputs.disk, size: sizeMiB * MIB });
  if (fileSystem !== undefined) {
    const type = array ? RAID : LINUX;
    const sectors = (disk.size - START) / SECTOR;
    const partition = { number: 1, active: false, type, start: START / SECTOR, sectors } as const;
    disk.write(0, withMbr(Buffer.alloc(SECTOR), { diskId: 0x6474_6131, partitions: [partition] }));
    const from = START + (array ? DATA_OFFSET : 0);
    if (array)
      disk.write(
        START + SUPERBLOCK_AT,
        mirrorSuperblock({
          uuid: Buffer.from(array.uuid.replaceAll(':', ''), 'hex'),
          name: array.name,
          dataOffset: DATA_OFFSET / SECTOR,
          dataSectors: (disk.size - from) / SECTOR,
          time: epoch,
        }),
      );
    const image = join(scratch, 'image');
    const how = ['-q', '-t', 'ext4', '-U', fileSystem, '-E', `hash_seed=${fileSystem}`];
    await run('mke2fs', [...how, image, `${(disk.size - from) / 1024}k`], { env: { E2FSPROGS_FAKE_TIME: `${epoch}` } });
    using content = fileSource(image);
    disk.splice(content, from);
  }
  disk.finish();
});
