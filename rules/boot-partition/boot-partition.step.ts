/** Writes the FAT of the boot partition as a disk of its own. No process, no clock: the same files give the same bytes. */
import { editDisk, SECTOR } from 'dsmb/disk';
import { step } from 'dsmb/step';
import { writeBootFat } from '../boot-image/boot-fat.ts';

interface Spec {
  readonly args: { readonly start: number; readonly sectors: number; readonly files: readonly string[] };
  readonly inputs: 'files';
  readonly outputs: 'boot';
}

export default step<Spec>(async ({ args, inputs, outputs, epoch }) => {
  const { start, sectors, files } = args;
  const disk = editDisk({ to: outputs.boot, size: sectors * SECTOR });
  writeBootFat(disk, { sectors, start, folder: inputs.files, files, epoch });
  disk.finish();
});
