/** Boots a disk alone, as a cloud host does, logs in on its console and looks around. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { diskToRaw } from 'dsmb/disk';
import { fail, step } from 'dsmb/step';
import { availableAccelerator, startVm, type Vm } from 'dsmb/vm';

interface Spec {
  readonly args: { readonly memoryMiB: number; readonly timeoutMinutes: number };
  readonly inputs: 'disk';
  readonly outputs: 'report';
}

const CONSOLE = 'console.log';
const ANSWER_MS = 60_000;

export default step<Spec>(async ({ args, inputs, outputs, scratch, assembled, progress }) => {
  const raw = assembled('disk') ?? join(scratch, 'disk.raw');
  if (!assembled('disk')) diskToRaw(inputs.disk, raw);
  await using vm = await startVm({
    accelerator: availableAccelerator(),
    memoryMiB: args.memoryMiB,
    rtcBase: '2024-01-02T00:00:00',
    disks: [{ file: raw, format: 'raw', interface: 'virtio', snapshot: true, bootIndex: 0 }],
    nics: [{ mac: '52:54:00:de:b1:a0' }],
    logFile: join(scratch, CONSOLE),
    scratch,
  });
  progress('booting the disk');
  const limit = args.timeoutMinutes * 60_000;
  const [, address] = (await vm.waitForConsoleText(/lease of ([\d.]+) obtained/, limit)).groups;
  await vm.waitForConsoleText('debian login:', limit);
  vm.console.send('root\n');
  await vm.waitForConsoleText('# ', ANSWER_MS);
  const kernel = await ask(vm, 'uname -r');
  const problems = await ask(vm, 'dpkg --audit');
  if (problems !== '')
    fail('DEBIAN_NOT_WHOLE', 'dpkg finds packages that are not installed whole', { detail: problems });
  const packages = Number(await ask(vm, 'dpkg-query --show | wc -l'));
  const motd = await ask(vm, 'cat /etc/motd');

  mkdirSync(outputs.report);
  copyFileSync(join(scratch, CONSOLE), join(outputs.report, CONSOLE));
  writeFileSync(
    join(outputs.report, 'report.json'),
    `${JSON.stringify({ kernel, packages, address, motd }, null, 2)}\n`,
  );
});

/** What a command prints. Its end is marked by a word that the echo of the command does not have. */
async function ask(vm: Vm, command: string): Promise<string> {
  vm.console.send(`echo be""gin; ${command}; echo e""nd\n`);
  const { groups } = await vm.waitForConsoleText(/^begin\n([^]*?)^end$/m, ANSWER_MS);
  return groups[1]!.trim();
}
