/** Types what a user types on the console of a rented host, and looks at what becomes of the host. */
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, step, type StepContext } from 'dsmb/step';
import type { Vm } from 'dsmb/vm';
import { BlockServer } from './block-server.ts';
import { rentDisk } from './host-disk.ts';
import { ANSWER_MS, ask, askWithoutWriting, GIB, MAC, PAGE, requireNas, startHost } from './machine.ts';
import { dhcpPackets } from './packets.ts';
import { Stopwatch } from './stopwatch.ts';

interface Spec {
  readonly args: {
    readonly memoryMiB: number;
    readonly sizeGiB: number;
    readonly timeoutMinutes: number;
    /** Cut the power while blocks are written, and start the installer again. */
    readonly cut: boolean;
    /** The host has an address of its own, which no DHCP gives, and a gateway outside of its network. */
    readonly staticNetwork: boolean;
    /** The installer's kernel is damaged before the restart. */
    readonly spoiled: boolean;
  };
  readonly inputs: 'host' | 'installer';
  readonly outputs: 'report';
}

type Context = StepContext<Spec>;

const STATIC_ADDRESS = '10.0.2.77';
const STATIC_NETWORK = [
  ...['busybox killall udhcpc', 'busybox ip addr flush dev eth0', `busybox ip addr add ${STATIC_ADDRESS}/32 dev eth0`],
  ...['busybox ip route add 10.0.2.2 dev eth0', 'busybox ip route add default via 10.0.2.2 dev eth0'],
].join('; ');
/** No server listens there. */
const NOWHERE = 'http://10.0.2.2:1';
const BLOCKS_BEFORE_CUT = 12;
const SHELLS = ['dash', 'bash', 'busybox sh'];

export default step<Spec>(async (context) => {
  const { args, inputs, outputs, scratch, progress } = context;
  const disk = join(scratch, 'host.raw');
  rentDisk(disk, { ...inputs, bytes: args.sizeGiB * GIB });
  await using server = await BlockServer.start(inputs.installer);
  const times = new Stopwatch();

  const limit = args.timeoutMinutes * 60_000;
  const host = { sizeGiB: args.sizeGiB, ...addressOf(context) };
  if (isThorough(args)) await tryReturn(context, disk);
  await typeOnHost(context, disk, server, times);
  if (args.spoiled) {
    await requireOldSystem(context, disk);
    return keepReport(context, times, outputs.report);
  }

  progress('starting the installer');
  if (args.cut) server.left = server.asked + BLOCKS_BEFORE_CUT;
  const packets = join(scratch, 'packets');
  const dump = ['-object', `filter-dump,id=dump,netdev=host,file=${packets}`];
  await using vm = await boot(context, disk, 'console.log', args.staticNetwork ? dump : []);
  await vm.waitForConsoleText('dsmb: fetching the manifest', limit);
  times.note('installer');
  await vm.waitForConsoleText('dsmb: writing', limit);
  progress('writing');
  await vm.waitForHttp(PAGE, '/', ANSWER_MS, ({ body }) => body.includes('<title>dsmb installs</title>'));
  if (args.cut) {
    await vm.waitUntil('the blocks before the cut', limit, async () => server.asked > server.left || undefined);
    await vm.kill();
    server.left = Infinity;
    await resume(context, disk, server);
    await using after = await boot(context, disk, 'console-after.log');
    await requireNas(after, limit, host);
  } else {
    await vm.waitForConsoleText('dsmb: reading everything back', limit);
    times.note('written');
    await vm.waitForConsoleText('dsmb: done', limit);
    times.note('verified');
    progress('booting the NAS');
    await requireNas(vm, limit, host);
  }
  times.note('ready');
  const asked = args.staticNetwork ? dhcpPackets(readFileSync(packets)) : 0;
  if (asked > 0) fail('DHCP', `${asked} packets of DHCP were sent by a machine that has an address`);
  keepReport(context, times, outputs.report);
});

/** The other cases are about one thing each. */
function isThorough({ cut, staticNetwork, spoiled }: Context['args']): boolean {
  return !cut && !staticNetwork && !spoiled;
}

function boot(context: Context, disk: string, log: string, more: readonly string[] = []): Promise<Vm> {
  const { memoryMiB } = context.args;
  return startHost(context, {
    ...{ memoryMiB, log, more, ...addressOf(context) },
    // Whoever brings a kernel does not start from the disk.
    disks: [{ file: disk, format: 'raw', interface: 'virtio', ...(more.includes('-kernel') ? {} : { bootIndex: 0 }) }],
  });
}

/** The address of the host, where it is its own. */
function addressOf({ args }: Context): { readonly address?: string } {
  return args.staticNetwork ? { address: STATIC_ADDRESS } : {};
}

/**
 * Logs in, looks, and lets the script restart the host. The machine that starts then is another one: an emulated processor
 * that was reset is slow, for minutes, where it writes over code that it has translated before.
 */
async function typeOnHost(context: Context, disk: string, server: BlockServer, times: Stopwatch): Promise<void> {
  const { args, progress } = context;
  progress('booting the host');
  await using vm = await boot(context, disk, 'console-host.log', ['-no-reboot']);
  await vm.waitForConsoleText('debian login:', args.timeoutMinutes * 60_000);
  vm.console.send('root\n');
  await vm.waitForConsoleText('# ', ANSWER_MS);
  if (args.staticNetwork) await ask(vm, STATIC_NETWORK);
  progress('looking, and changing nothing');
  await ask(vm, `busybox wget -q -O /run/install.sh ${server.url}/install.sh; mount -o remount,noatime /`);
  for (const shell of isThorough(args) ? SHELLS : ['sh']) await tryDryRun(vm, shell, server);
  if (isThorough(args)) await tryUndo(vm, server);

  if (args.spoiled) return await restartSpoiled(vm, server);
  progress('calling the script');
  times.start();
  vm.console.send(`sh /run/install.sh --url ${server.url}\n`);
  await vm.waitForConsoleText('Type yes to go on: ', ANSWER_MS);
  times.note('asked');
  vm.console.send('yes\n');
  await vm.waitForExit(ANSWER_MS);
}

/** Not one sector is written, whichever shell runs the script. */
async function tryDryRun(vm: Vm, shell: string, server: BlockServer): Promise<void> {
  const plan = await askWithoutWriting(vm, `${shell} /run/install.sh --url ${server.url} --dry-run`);
  if (!/disk +\/dev\/vda.*will be lost[^]*Nothing was changed \(--dry-run\)/.test(plan))
    fail('DRY_RUN', `${shell}: --dry-run has no plan`, { detail: plan });
}

/** What the script prepares, up to a restart that does not happen, is there, and gone after `--undo`. */
async function tryUndo(vm: Vm, server: BlockServer): Promise<void> {
  const traces = 'grub-editenv list; find /boot | sort; cat /boot/grub/custom.cfg';
  const before = await ask(vm, traces);
  await ask(vm, preparation(server.url));
  const prepared = await ask(vm, traces);
  await ask(vm, 'sh /run/install.sh --undo');
  const after = await ask(vm, traces);
  if (!/next_entry=dsmb-install[^]*vmlinuz-[^]*linux .*'dsmb\.disk=64656269'/.test(prepared) || after !== before)
    fail('NOT_UNDONE', '--undo left something behind', { detail: [before, prepared, after].join('\n---\n') });
}

/** All that the script does, but for the restart. */
function preparation(url: string): string {
  return `mkdir /run/idle; ln -s /bin/true /run/idle/reboot; PATH=/run/idle:$PATH sh /run/install.sh --url ${url} --yes`;
}

/** As after a disk error: what the entry names is there, but no kernel. */
async function restartSpoiled(vm: Vm, server: BlockServer): Promise<void> {
  await ask(vm, preparation(server.url));
  await ask(vm, 'for file in /boot/dsmb-install/vmlinuz-*; do echo damaged >$file; done; sync');
  vm.console.send('reboot\n');
  await vm.waitForExit(ANSWER_MS);
}

/** GRUB restarts the machine when the entry fails, and the next start is that of the old system. */
async function requireOldSystem(context: Context, disk: string): Promise<void> {
  context.progress('starting what cannot start');
  await using vm = await boot(context, disk, 'console.log');
  await vm.waitForReset(ANSWER_MS, 0);
  await vm.waitForConsoleText('debian login:', context.args.timeoutMinutes * 60_000);
  vm.console.send('root\n');
  await vm.waitForConsoleText('# ', ANSWER_MS);
  const environment = await ask(vm, 'grub-editenv list');
  if (environment.includes('dsmb')) fail('NOT_ONCE', 'the entry is still the next one', { detail: environment });
}

/** An installer that gets nothing from any server gives the machine back to the system that is on the disk. */
async function tryReturn(context: Context, disk: string): Promise<void> {
  context.progress('waiting for a server that is not there');
  await using vm = await startInstaller(context, disk, 'console-returned.log', [
    `dsmb.url=${NOWHERE}`,
    'dsmb.return=5',
  ]);
  await vm.waitForConsoleText('restarting into the system that is on the disk', ANSWER_MS);
  await vm.waitForExit(ANSWER_MS);
}

/** Starts the installer as a rescue system would, after a power cut. */
async function resume(context: Context, disk: string, server: BlockServer): Promise<void> {
  await using vm = await startInstaller(context, disk, 'console-resumed.log', [`dsmb.url=${server.url}`]);
  const limit = context.args.timeoutMinutes * 60_000;
  const { groups } = await vm.waitForConsoleText(/(\d+) of \d+ blocks are there already/, limit);
  if (Number(groups[1]) === 0) fail('NOT_RESUMED', 'after the cut, no block was found on the disk');
  await vm.waitForConsoleText('dsmb: done', limit);
  await vm.waitForExit(ANSWER_MS);
}

/** The installer with the words that the host's boot entry gives it, and some more. A restart ends the machine. */
function startInstaller(context: Context, disk: string, logName: string, more: readonly string[]): Promise<Vm> {
  const { installer } = context.inputs;
  const manifest = readFileSync(join(installer, 'manifest.json'));
  const digest = createHash('sha256').update(manifest).digest('hex');
  const { kernel, initrd } = JSON.parse(manifest.toString()) as Readonly<Record<'kernel' | 'initrd', { file: string }>>;
  const words = [
    ...['console=ttyS0,115200n8', 'quiet', `dsmb.manifest=${digest}`],
    ...['dsmb.disk=64656269', `dsmb.size=${context.args.sizeGiB * GIB}`, ...more],
  ];
  return boot(context, disk, logName, [
    ...['-kernel', join(installer, kernel.file), '-initrd', join(installer, initrd.file)],
    ...['-append', words.join(' '), '-no-reboot'],
  ]);
}

function keepReport({ scratch, args }: Context, { seconds }: Stopwatch, report: string): void {
  mkdirSync(report);
  for (const name of [
    'console-host',
    'console',
    ...(args.cut ? ['console-resumed', 'console-after'] : []),
    ...(isThorough(args) ? ['console-returned'] : []),
  ])
    copyFileSync(join(scratch, `${name}.log`), join(report, `${name}.log`));
  writeFileSync(join(report, 'report.json'), `${JSON.stringify({ mac: MAC, seconds }, null, 2)}\n`);
}
