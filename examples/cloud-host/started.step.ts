/** Starts an installer as a boot menu would, and looks at what becomes of the machine. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { step, type StepContext } from 'dsmb/step';
import { BlockServer } from './block-server.ts';
import { fillRest } from './host-disk.ts';
import { GIB, MAC, requireNas, startHost, startOf } from './machine.ts';
import { Stopwatch } from './stopwatch.ts';

interface Spec {
  readonly args: { readonly memoryMiB: number; readonly timeoutMinutes: number };
  /** And, where it is one that Debian has made, `kernel` and `initrd`. */
  readonly inputs: 'installer';
  readonly outputs: 'report';
}

type Context = StepContext<Spec>;

const SIZE_GIB = 20;
const CONSOLE = 'console=ttyS0,115200n8';

export default step<Spec>(async (context) => {
  const { args, inputs, outputs, scratch, progress } = context;
  const limit = args.timeoutMinutes * 60_000;
  const disk = join(scratch, 'host.raw');
  writeFileSync(disk, '');
  fillRest(disk, { installer: inputs.installer, bytes: SIZE_GIB * GIB });
  await using server = await BlockServer.start(inputs.installer);
  const times = new Stopwatch();
  const machine = { memoryMiB: args.memoryMiB, disks: [{ file: disk, format: 'raw', interface: 'virtio' }] } as const;
  {
    progress('starting the installer');
    times.start();
    const more = [...argumentsFor(context, server.url), '-no-reboot'];
    await using vm = await startHost(context, { ...machine, log: 'console.log', more });
    await vm.waitForConsoleText('dsmb: network: asking', limit);
    times.note('writer');
    await vm.waitForConsoleText('dsmb: writing', limit);
    times.note('network');
    await vm.waitForConsoleText('dsmb: reading everything back', limit);
    times.note('written');
    await vm.waitForConsoleText('dsmb: done', limit);
    times.note('verified');
    await vm.waitForExit(limit);
  }
  progress('booting the NAS');
  await using nas = await startHost(context, {
    ...machine,
    disks: [{ ...machine.disks[0], bootIndex: 0 }],
    log: 'console-nas.log',
  });
  await requireNas(nas, limit, {});
  times.note('ready');
  mkdirSync(outputs.report);
  for (const name of ['console.log', 'console-nas.log']) copyFileSync(join(scratch, name), join(outputs.report, name));
  writeFileSync(
    join(outputs.report, 'report.json'),
    `${JSON.stringify({ mac: MAC, seconds: times.seconds }, null, 2)}\n`,
  );
});

/** Arguments of QEMU: the installer's own kernel with its words, or that of Debian with the address of the preseed. */
function argumentsFor({ inputs, allInputs }: Context, url: string): readonly string[] {
  const { digest, ...own } = startOf(inputs.installer);
  const { kernel = own.kernel, initrd = own.initrd } = allInputs;
  const words =
    kernel === own.kernel
      ? [`dsmb.url=${url}`, `dsmb.manifest=${digest}`]
      : ['auto=true', 'priority=critical', 'lowmem/low=1', `url=${url}/preseed.cfg`, 'DEBIAN_FRONTEND=text'];
  return ['-kernel', kernel, '-initrd', initrd, '-append', [CONSOLE, 'dsmb.disk=/dev/vda', ...words].join(' ')];
}
