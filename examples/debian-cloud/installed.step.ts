/** Boots the second stage in a virtual machine, which configures the packages, and takes what it changed of the disk. */
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { diskToRaw, overlayToDisk, parseQemuMap } from 'dsmb/disk';
import { run, step, type StepContext } from 'dsmb/step';
import { availableAccelerator, startVm } from 'dsmb/vm';

interface Spec {
  readonly args: { readonly memoryMiB: number; readonly timeoutMinutes: number };
  readonly inputs: 'disk' | 'kernel' | 'initrd';
  readonly outputs: 'disk' | 'log';
}

const CONSOLE = 'console.log';

export default step<Spec>(async (context) => {
  const { inputs, outputs, scratch, progress } = context;
  const base = context.assembled('disk') ?? join(scratch, 'base.raw');
  if (!context.assembled('disk')) diskToRaw(inputs.disk, base);
  const overlay = join(scratch, 'overlay.qcow2');
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', base, overlay]);

  await install(context, overlay);

  progress('storing the disk');
  const map = parseQemuMap(await run('qemu-img', ['map', '--output=json', overlay]));
  overlayToDisk({ base: inputs.disk, overlay, map, to: outputs.disk });
  mkdirSync(outputs.log);
  copyFileSync(join(scratch, CONSOLE), join(outputs.log, CONSOLE));
});

async function install(context: StepContext<Spec>, overlay: string): Promise<void> {
  const { args, inputs, scratch, progress } = context;
  await using vm = await startVm({
    accelerator: availableAccelerator(),
    memoryMiB: args.memoryMiB,
    rtcBase: '2024-01-01T00:00:00',
    disks: [{ file: overlay, format: 'qcow2', interface: 'virtio' }],
    extraArguments: [
      ...['-kernel', inputs.kernel, '-initrd', inputs.initrd],
      ...['-append', 'root=/dev/vda1 init=/second-stage console=ttyS0 quiet panic=-1'],
    ],
    logFile: join(scratch, CONSOLE),
    scratch,
  });
  const end = Date.now() + args.timeoutMinutes * 60_000;
  for (let stage = ''; stage !== 'done';) {
    const found = await vm.waitForConsoleText(/^INSTALL (.*)\n/m, end - Date.now());
    stage = found.groups[1]!;
    progress(stage);
  }
  await vm.waitForExit(60_000);
}
