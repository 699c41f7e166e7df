/** Starts the Debian installer as its boot menu would, and looks at what becomes of the machine. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { step, type StepContext } from 'dsmb/step';
import type { Vm } from 'dsmb/vm';
import { BlockServer } from './block-server.ts';
import { fillRest } from './host-disk.ts';
import { GIB, MAC, requireNas, startHost } from './machine.ts';
import { Stopwatch } from './stopwatch.ts';

interface Spec {
  readonly args: { readonly memoryMiB: number; readonly timeoutMinutes: number };
  readonly inputs: 'installer' | 'kernel' | 'initrd';
  readonly outputs: 'report';
}

type Context = StepContext<Spec>;

const SIZE_GIB = 20;

export default step<Spec>(async (context) => {
  const { args, inputs, outputs, scratch, progress } = context;
  const limit = args.timeoutMinutes * 60_000;
  const disk = join(scratch, 'host.raw');
  writeFileSync(disk, '');
  fillRest(disk, { installer: inputs.installer, bytes: SIZE_GIB * GIB });
  await using server = await BlockServer.start(inputs.installer);
  const times = new Stopwatch();
  times.start();
  {
    progress('starting the Debian installer');
    await using vm = await boot(context, disk, 'console.log', argumentsFor(context, server.url));
    await vm.waitForConsoleText('dsmb: fetching the manifest', limit);
    times.note('installer');
    await vm.waitForConsoleText('dsmb: reading everything back', limit);
    times.note('written');
    await vm.waitForConsoleText('dsmb: done', limit);
    times.note('verified');
    await vm.waitForExit(limit);
  }
  progress('booting the NAS');
  await using nas = await boot(context, disk, 'console-nas.log', []);
  await requireNas(nas, limit, {});
  times.note('ready');
  mkdirSync(outputs.report);
  for (const name of ['console.log', 'console-nas.log']) copyFileSync(join(scratch, name), join(outputs.report, name));
  const report = { mac: MAC, seconds: times.seconds };
  writeFileSync(join(outputs.report, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
});

/** Whoever brings a kernel does not start from the disk. */
function boot(context: Context, disk: string, log: string, more: readonly string[]): Promise<Vm> {
  const { memoryMiB } = context.args;
  const place = more.length > 0 ? {} : { bootIndex: 0 };
  return startHost(context, {
    memoryMiB,
    log,
    more,
    disks: [{ file: disk, format: 'raw', interface: 'virtio', ...place }],
  });
}

/** What the comment in `preseed.cfg` says, on the serial console. A restart ends the machine. */
function argumentsFor({ inputs }: Context, url: string): readonly string[] {
  const words = [
    ...['auto=true', 'priority=critical', `url=${url}/preseed.cfg`, 'dsmb.disk=/dev/vda', 'lowmem/low=1'],
    ...['console=ttyS0,115200n8', 'DEBIAN_FRONTEND=text'],
  ];
  return ['-kernel', inputs.kernel, '-initrd', inputs.initrd, '-append', words.join(' '), '-no-reboot'];
}
