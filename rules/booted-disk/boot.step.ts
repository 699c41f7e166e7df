/** Boots a disk with the serial console on the terminal. */
import { mkdtempSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, runInTerminal, step, userArguments, type StepContext } from 'dsmb/step';
import { diskToRaw, fileSource, openDisk, type ByteSource } from 'dsmb/disk';
import { attendedArguments, availableAccelerator } from 'dsmb/vm';
import { bootMac } from '../installed-disk/boot-mac.ts';

interface BootSpec {
  readonly args: { readonly mac: string | null; readonly ports: readonly number[]; readonly memoryMiB: number };
  readonly inputs: 'disk';
  readonly outputs: never;
}

/** For a disk that does not say which card it wants. */
const ANY_MAC = '52:54:00:12:34:56';

export default step<BootSpec>(async (context) => {
  const { args, scratch, log } = context;
  const { file, content } = openInput(context);
  const mac = args.mac ?? macOf(content);
  const accelerator = availableAccelerator();
  log(`booting (${accelerator}, MAC ${mac}); Ctrl-A x ends the machine, nothing is written to the disk`);
  for (const port of args.ports) log(`port ${port} of the machine: http://127.0.0.1:${port}`);
  const disks = [{ file, format: 'raw', interface: 'virtio', snapshot: true, bootIndex: 0 }] as const;
  const qemu = attendedArguments({ ...args, accelerator, cpu: 'Penryn', mac, disks });
  // QEMU takes a TMPDIR of /tmp for "none given", and puts the overlay into /var/tmp.
  const overlays = mkdtempSync(join(scratch, 'overlay-'));
  await runInTerminal('qemu-system-x86_64', [...qemu, ...userArguments()], { TMPDIR: overlays });
});

/** A boot image is a file; a disk is a folder, which the engine may have assembled. */
function openInput({ inputs, assembled, scratch, progress }: StepContext<BootSpec>): {
  file: string;
  content: ByteSource;
} {
  if (statSync(inputs.disk).isFile()) return { file: inputs.disk, content: fileSource(inputs.disk) };
  const content = openDisk(inputs.disk);
  const ready = assembled('disk');
  if (ready !== undefined) return { file: ready, content };
  const file = join(scratch, 'disk.raw');
  diskToRaw(inputs.disk, file, (percent) => progress('assembling the disk', percent));
  return { file, content };
}

function macOf(disk: ByteSource): string {
  try {
    return bootMac(disk);
  } catch (error) {
    if (error instanceof Failure) return ANY_MAC;
    throw error;
  }
}
