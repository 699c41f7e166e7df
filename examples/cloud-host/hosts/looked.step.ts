/** Starts a small host, types what a user would type on its console, and looks at what becomes of the host and its disks. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, step, type StepContext } from 'dsmb/step';
import type { Vm } from 'dsmb/vm';
import { BlockServer } from '../block-server.ts';
import { fillRest } from '../host-disk.ts';
import { ANSWER_MS, ask, askWithoutWriting, GIB, MAC, requireNas, startHost } from '../machine.ts';

interface Spec {
  readonly args: {
    readonly kind: string;
    readonly looks: Readonly<Record<string, string>>;
    readonly install?: string;
    readonly boots: boolean;
    readonly disks: number;
    readonly sizeGiB: number;
    readonly memoryMiB: number;
    readonly timeoutMinutes: number;
  };
  readonly inputs: 'kernel' | 'initrd' | 'installer';
  readonly outputs: 'report';
}

type Context = StepContext<Spec>;

/** What a host's own system takes; random bytes are behind it. */
const SYSTEM_GIB = 1.125;

export default step<Spec>(async (context) => {
  const { args, inputs, outputs, scratch, progress } = context;
  const host = new Host(context);
  await using server = await BlockServer.start(inputs.installer);
  await using vm = await host.start();
  const others = host.others();
  progress('looking, and changing nothing');
  await ask(vm, `wget -q -O /run/install.sh ${server.url}/install.sh`);
  for (const [words, says] of Object.entries(args.looks)) await look(vm, server.url, words, says);
  if (args.install !== undefined) {
    progress('calling the script');
    await install(host, vm, `sh /run/install.sh --url ${server.url} ${args.install}`);
    progress('booting the NAS');
    await using nas = await host.boot('console.log');
    // The stand-in has a slot for one disk, and no volume on a second one.
    await requireNas(nas, host.limit, args.disks === 1 ? { sizeGiB: args.sizeGiB } : {});
    if (host.others() !== others) fail('WRONG_DISK', 'another disk of the host was written to');
  }
  mkdirSync(outputs.report);
  for (const name of readdirSync(scratch).filter((file) => file.endsWith('.log')))
    copyFileSync(join(scratch, name), join(outputs.report, name));
  writeFileSync(join(outputs.report, 'report.json'), `${JSON.stringify({ kind: args.kind, mac: MAC }, null, 2)}\n`);
});

async function look(vm: Vm, url: string, words: string, says: string): Promise<void> {
  const said = await askWithoutWriting(vm, `sh /run/install.sh --url ${url} --dry-run ${words}`);
  if (!new RegExp(says).test(said) || !said.includes('Nothing was changed'))
    fail('DRY_RUN', `--dry-run ${words} does not say ${says}`, { detail: said });
}

/** Until the installer has restarted the machine, which ends it. */
async function install(host: Host, vm: Vm, command: string): Promise<void> {
  vm.console.send(`${command}\n`);
  await vm.waitForConsoleText('Type yes to go on: ', ANSWER_MS);
  vm.console.send('yes\n');
  if (command.includes('--kexec')) return await awaitInstaller(vm, host.limit);
  await vm.waitForExit(ANSWER_MS);
  await using installer = await host.boot('console-installer.log');
  await awaitInstaller(installer, host.limit);
}

async function awaitInstaller(vm: Vm, limit: number): Promise<void> {
  await vm.waitForConsoleText('dsmb: writing', limit);
  await vm.waitForConsoleText('dsmb: done', limit);
  await vm.waitForExit(ANSWER_MS);
}

/** Its disks, its firmware's settings, and the machines that it is, one after the other: each restart ends one. */
class Host {
  readonly limit: number;
  readonly #context: Context;
  readonly #files: readonly string[];
  readonly #firmware: readonly string[];

  constructor(context: Context) {
    const { args, inputs, allInputs, scratch } = context;
    this.#context = context;
    this.limit = args.timeoutMinutes * 60_000;
    this.#files = Array.from({ length: args.disks }, (_, number) => join(scratch, `disk${number}.raw`));
    for (const file of this.#files) {
      writeFileSync(file, '');
      truncateSync(file, SYSTEM_GIB * GIB);
      fillRest(file, { installer: inputs.installer, bytes: args.sizeGiB * GIB });
    }
    const { code, variables } = allInputs;
    this.#firmware = code && variables ? firmwareArguments(code, variables, join(scratch, 'variables.fd')) : [];
  }

  /** The host with its storage, and a shell. */
  async start(): Promise<Vm> {
    const { args, inputs, progress } = this.#context;
    progress('making the host');
    const last = `vd${'abc'.charAt(args.disks - 1)}`;
    const words = `console=ttyS0,115200 quiet host.kind=${args.kind} host.disk=${last}`;
    const made = await this.boot('console-made.log', [
      ...['-kernel', inputs.kernel, '-initrd', inputs.initrd, '-append', words],
    ]);
    await awaitShell(made, this.limit);
    if (!args.boots) return made;
    made.console.send('poweroff\n');
    await made.waitForExit(ANSWER_MS);
    const started = await this.boot('console-host.log');
    await awaitShell(started, this.limit);
    return started;
  }

  /** A machine that starts from the last disk, or as it is told. A restart ends it. */
  boot(log: string, more: readonly string[] = []): Promise<Vm> {
    const { memoryMiB } = this.#context.args;
    // With UEFI, its settings tell the disk.
    const isTold = more.includes('-kernel') || this.#firmware.length > 0;
    return startHost(this.#context, {
      ...{ memoryMiB, log, more: [...this.#firmware, ...more, '-no-reboot'] },
      disks: this.#files.map((file, number) => ({
        ...{ file, format: 'raw', interface: 'virtio' },
        ...(isTold || number < this.#files.length - 1 ? {} : { bootIndex: 0 }),
      })),
    });
  }

  /** When the disks beside the last one were written to, by whomever. */
  others(): string {
    return this.#files
      .slice(0, -1)
      .map((file) => statSync(file, { bigint: true }).mtimeNs)
      .join();
  }
}

async function awaitShell(vm: Vm, ms: number): Promise<void> {
  await vm.waitForConsoleText('the host is up', ms);
  await vm.waitForConsoleText('# ', ANSWER_MS);
}

/** What the machine changes in the settings is there at the next start. */
function firmwareArguments(code: string, variables: string, settings: string): string[] {
  writeFileSync(settings, readFileSync(variables));
  return [
    ...['-drive', `if=pflash,unit=0,format=raw,readonly=on,file=${code}`],
    ...['-drive', `if=pflash,unit=1,format=raw,file=${settings}`],
  ];
}
