/** Lays files into a file system of a disk: in an image of it, of which the blocks that differ go into the disk. */
import { editDisk, fileSource, openDisk, openFileSystem, type DiskEditor } from 'dsmb/disk';
import { step } from 'dsmb/step';
import { changeExt } from './ext.ts';
import { changeFat } from './fat.ts';
import { imageOf, volumeOf, writeDifferences, type Volume } from './image.ts';
import { changesOf, type Change } from './changes.ts';
import { wantedOf, type LateArgs } from './wanted.ts';

interface Spec {
  readonly args: LateArgs & { readonly partition: number };
  /** `files` may be there, too. */
  readonly inputs: 'disk';
  readonly outputs: 'disk';
}

export default step<Spec>(async ({ args, inputs, allInputs, outputs, assembled, scratch, epoch, log }) => {
  const disk = openDisk(inputs.disk);
  const edit = editDisk({ from: inputs.disk, to: outputs.disk });
  const wanted = wantedOf(args, allInputs['files'], scratch);
  if (wanted.lay.length + wanted.remove.length + wanted.rights.size === 0) {
    edit.finish();
    return log('nothing to lay: the disk stays as it is');
  }
  const volume = volumeOf(disk, args.partition);
  const changes = changesOf(wanted, openFileSystem(volume.source, volume.name));
  const image = await imageOf(disk, volume, assembled('disk'), scratch);
  const change = volume.type.startsWith('ext') ? changeExt : changeFat;
  await change(image.after, changes, epoch, scratch);

  const blocks = writeDifferences(image, volume, edit);
  writeContents(image.after, changes, volume, edit);
  const { written } = edit.finish();
  log(`${changes.length} changes, ${blocks} blocks of the file system, ${written} blocks of the disk`);
});

/** What was laid, where it lies now: a block of zeros does not differ from a hole, but may from what was there. */
function writeContents(image: string, changes: readonly Change[], { type, offset }: Volume, edit: DiskEditor): void {
  if (!type.startsWith('ext')) return;
  using file = fileSource(image);
  const files = openFileSystem(file, 'the image');
  for (const change of changes) {
    if (change.type !== 'lay' || change.late.type !== 'file') continue;
    using source = fileSource(change.late.source);
    for (const { offset: from, length, at } of files.file(change.late.path).places?.() ?? [])
      if (at !== undefined) edit.write(offset + at, source.read(from, Math.min(length, source.size - from)));
  }
}
