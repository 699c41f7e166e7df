/** Boots a disk over IDE until its system says that it is ready. */
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { step } from 'dsmb/step';
import { diskToRaw, openDisk } from 'dsmb/disk';
import { availableAccelerator, startVm } from 'dsmb/vm';
import { bootMac } from '../../../rules/installed-disk/boot-mac.ts';

interface Spec {
  readonly args: object;
  readonly inputs: 'disk';
  readonly outputs: 'console';
}

const BOOT_MS = 8 * 60_000;

export default step<Spec>(async ({ inputs, outputs, scratch }) => {
  const file = join(scratch, 'disk.raw');
  diskToRaw(inputs.disk, file);
  const logFile = join(scratch, 'console.log');
  await using vm = await startVm({
    accelerator: availableAccelerator(),
    cpu: 'Penryn',
    memoryMiB: 1024,
    disks: [{ file, format: 'raw', interface: 'ide', snapshot: true, bootIndex: 0 }],
    nics: [{ mac: bootMac(openDisk(inputs.disk)), forwards: [] }],
    logFile,
    scratch,
  });
  await vm.waitForConsoleText(/DSM-READY[^\n]*\n/, BOOT_MS);
  await copyFile(logFile, outputs.console);
});
