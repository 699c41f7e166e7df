/** Sets the UUIDs of arrays and file systems, with all that is computed from them; files stay as they are. */
import {
  activeMdMembers,
  editDisk,
  openDisk,
  partitionSource,
  readMdSuperblock,
  readPartitions,
  withMdUuid,
  type ByteSource,
  type DiskEditor,
  type DiskReader,
  type MdSuperblock,
} from 'dsmb/disk';
import { fail, step } from 'dsmb/step';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { imageOf, partitionOf, volumeOf, writeDifferences } from '../with-files/image.ts';
import { setExtUuid } from './ext.ts';

interface Spec {
  readonly args: {
    /** By numbers of partitions. */
    readonly arrays: Readonly<Record<string, string>>;
    readonly fileSystems: Readonly<Record<string, string>>;
  };
  readonly inputs: 'disk';
  readonly outputs: 'disk';
}

const MIRROR = 1;
/** Of the header of a swap space, in bytes. */
const SWAP_UUID = 1036;

export default step<Spec>(async ({ args, inputs, outputs, assembled, scratch, epoch, log }) => {
  const disk = openDisk(inputs.disk);
  const edit = editDisk({ from: inputs.disk, to: outputs.disk });
  for (const [number, uuid] of Object.entries(args.arrays)) setArrayUuid(disk, Number(number), uuid, edit);
  for (const [number, uuid] of Object.entries(args.fileSystems)) {
    const member = partitionOf(disk, Number(number));
    const superblock = readMdSuperblock(member);
    if (superblock) checkOnlyMember(disk, Number(number), member, superblock);
    const volume = volumeOf(disk, Number(number));
    if (volume.type === 'swap') edit.write(volume.offset + SWAP_UUID, Buffer.from(uuid.replaceAll('-', ''), 'hex'));
    else if (volume.type.startsWith('ext')) {
      const folder = join(scratch, number);
      mkdirSync(folder);
      const image = await imageOf(disk, volume, assembled('disk'), folder);
      await setExtUuid(image.after, uuid, epoch);
      log(`${volume.name}: ${writeDifferences(image, volume, edit)} blocks of the file system`);
    } else
      fail('DISK_CHANGE', `the UUID of ${volume.name} cannot be set: it has ${volume.type}`, {
        detail: 'ext2, ext3, ext4 and swap can be given one',
      });
  }
  const { written } = edit.finish();
  log(`${written} blocks of the disk`);
});

function setArrayUuid(disk: DiskReader, number: number, uuid: string, edit: DiskEditor): void {
  const name = `partition ${number}`;
  const member = partitionOf(disk, number);
  const superblock = readMdSuperblock(member);
  if (!superblock) return fail('DISK_CHANGE', `${name} of the disk is no member of an array`);
  checkOnlyMember(disk, number, member, superblock);
  for (const { at, bytes } of withMdUuid(member, superblock, uuid, name)) edit.write((member.origin ?? 0) + at, bytes);
}

/** Any other member, on this disk or elsewhere, would keep the old UUID. */
function checkOnlyMember(disk: DiskReader, number: number, member: ByteSource, superblock: MdSuperblock): void {
  const name = `the array of partition ${number}`;
  if (superblock.level !== MIRROR)
    fail('DISK_CHANGE', `${name} is no mirror: its other members would keep the old UUID`);
  const active = activeMdMembers(member, superblock);
  if (active > 1)
    fail('DISK_CHANGE', `${name} has ${active} members in use: all but this one would keep the old UUID`, {
      hint: 'withUuids needs a disk that has the only member of the array',
    });
  for (const other of readPartitions(disk)?.partitions ?? [])
    if (other.number !== number && readMdSuperblock(partitionSource(disk, other))?.uuid === superblock.uuid)
      fail('DISK_CHANGE', `partition ${other.number} is a member of ${name}, too, and would keep the old UUID`, {
        hint: 'withUuids needs a disk that has the only member of the array',
      });
}
