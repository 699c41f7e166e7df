/** Boots a disk over an overlay, and makes a disk of what its system has written. */
import { join } from 'node:path';
import { fail, step } from 'dsmb/step';
import { openDisk, writableDisk } from 'dsmb/disk';
import type { Vm } from 'dsmb/vm';
import { DSM_PORT, look } from '../installed-disk/assistant.ts';
import { bootMacs } from '../installed-disk/boot-mac.ts';
import { BOOT_CLOCK, keepTraces, rawFile, startDsm, switchOff, takePicture } from '../machine/machine.ts';

interface SettleSpec {
  readonly args: { readonly memoryMiB: number; readonly timeoutMinutes: number };
  readonly inputs: 'disk';
  readonly outputs: 'disk' | 'log';
}

const SHUTDOWN_MS = 120_000;

export default step<SettleSpec>(async (context) => {
  const { args, inputs, outputs, scratch, progress, log } = context;
  const macs = bootMacs(openDisk(inputs.disk));
  const written = await writableDisk({ disk: inputs.disk, raw: rawFile(context, 'disk') }, join(scratch, 'disk.qcow2'));
  const disk = { file: written.file, format: 'qcow2', interface: 'virtio', bootIndex: 0 } as const;

  await using vm = await startDsm(context, { memoryMiB: args.memoryMiB, clock: BOOT_CLOCK, disks: [disk], macs });
  progress('booting the disk');
  await waitForSystem(vm, args.timeoutMinutes * 60_000);
  await takePicture(context, vm);
  progress('shutting down');
  await switchOff(context, vm, SHUTDOWN_MS);
  await keepTraces(context, outputs.log);

  progress('storing what changed');
  const { written: blocks, linked } = await written.toDisk(outputs.disk);
  log(`${blocks} blocks of 1 MiB changed, ${linked} links to what did not`);
});

async function waitForSystem(vm: Vm, ms: number): Promise<void> {
  const seen = await vm.waitUntil('port 5000', ms, (signal) => look(vm.port(DSM_PORT), signal));
  if (seen.screen === 'install')
    fail('SETTLE_NOT_INSTALLED', `the disk boots into the install screen (${seen.state.status})`, {
      detail: await vm.evidence(),
      hint: 'give settledDisk a disk that verifiedDisk accepts',
    });
}
