/** Installs a .pat onto an empty disk: boots the loader in a virtual machine and does what a person does in a browser. */
import { chmod, copyFile, open } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, run, step, type StepContext } from 'dsmb/step';
import { fileSource, parseQemuMap, rawToDisk } from 'dsmb/disk';
import type { Vm } from 'dsmb/vm';
import { describeError, DSM_PORT, installProgress, look, uploadPat, type AssistantState } from './assistant.ts';
import { keepTraces, startDsm, switchOff, takePicture } from '../machine/machine.ts';
import { bootMacs } from './boot-mac.ts';
import { readLoaderInfo, requireMatch } from './loader-match.ts';
import { readPat } from './pat.ts';

export interface InstallArguments {
  readonly sizeGiB: number;
  readonly memoryMiB: number;
  /** Limit for all that the machine does; each phase has its own beside it. */
  readonly timeoutMinutes: number;
}

interface InstallSpec {
  readonly args: InstallArguments;
  readonly inputs: 'boot' | 'pat' | 'loader';
  readonly outputs: 'disk' | 'log';
}

type Context = StepContext<InstallSpec>;

/** A running installation: the machine, and how many milliseconds a phase may take. */
interface Session {
  readonly context: Context;
  readonly vm: Vm;
  readonly allow: (phaseMinutes: number) => number;
}

/** What each phase may take, under emulation on a slow machine. */
const MINUTES = { boot: 10, disk: 2, upload: 15, install: 30, reset: 10, system: 15, shutdown: 2 } as const;

/** The clock of the machine at power-on; the article's DSM is of that spring. */
const RTC_BASE = '2018-01-01T00:00:00';

export default step<InstallSpec>(async (context) => {
  context.progress('checking the .pat');
  const pat = await readPat(context.inputs.pat);
  const loader = await readLoaderInfo(context.inputs.loader);
  if (loader) requireMatch(loader, pat);
  context.log(`the .pat is for ${pat.model} ${pat.version}-${pat.build}, and whole`);

  const target = join(context.scratch, 'target.raw');
  await install(context, target);
  await keepTraces(context, context.outputs.log);

  context.progress('storing the disk');
  const extents = parseQemuMap(await run('qemu-img', ['map', '--output=json', '-f', 'raw', target]));
  const { written } = rawToDisk(target, context.outputs.disk, {
    extents,
    progress: (percent) => context.progress('storing the disk', percent),
  });
  context.log(`the disk has ${written} blocks of 1 MiB that are not zero`);
});

async function install(context: Context, target: string): Promise<void> {
  await using vm = await startMachine(context, target);
  const session = { context, vm, allow: budget(context.args.timeoutMinutes) };

  const state = await waitForAssistant(session);
  await upload(session, state);
  await waitForInstallation(session);
  await waitForSystem(session);
  await takePicture(context, vm);
  await shutDown(session);
}

/** Milliseconds for a phase: its own limit, or what is left of the whole. */
function budget(minutes: number): Session['allow'] {
  const end = Date.now() + minutes * 60_000;
  return (phaseMinutes) => {
    const left = end - Date.now();
    if (left > 0) return Math.min(phaseMinutes * 60_000, left);
    return fail('INSTALL_TIMEOUT', `the installation is not done after ${minutes} minutes`, {
      hint: 'give installedDisk a larger timeoutMinutes',
    });
  };
}

async function startMachine(context: Context, target: string): Promise<Vm> {
  const { args, inputs, scratch, progress } = context;
  progress('starting the machine');
  // The installer writes its kernel to the boot disk too: it gets a copy, which nobody keeps.
  const boot = join(scratch, 'boot.img');
  await copyFile(inputs.boot, boot);
  await chmod(boot, 0o600);
  await makeSparse(target, args.sizeGiB * 1024 ** 3);

  return startDsm(context, {
    memoryMiB: args.memoryMiB,
    clock: RTC_BASE,
    macs: macsOfImage(boot),
    disks: [
      { file: target, format: 'raw', interface: 'ide', slot: 'hda' },
      { file: boot, format: 'raw', interface: 'ide', slot: 'hdc', bootIndex: 0 },
    ],
  });
}

async function waitForAssistant({ vm, context, allow }: Session): Promise<AssistantState> {
  context.progress('booting the installer');
  const seen = await vm.waitUntil('the web assistant', allow(MINUTES.boot), (signal) =>
    look(vm.port(DSM_PORT), signal),
  );
  if (seen.screen === 'system')
    return fail('INSTALL_NOT_OFFERED', 'the machine booted an installed system, though its disk is empty', {
      detail: await vm.evidence(),
      hint: 'is the boot image an installer?',
    });
  if (seen.state.hasDisk) return seen.state;
  return vm.waitUntil('the web assistant to find the disk', allow(MINUTES.disk), async (signal) => {
    const again = await look(vm.port(DSM_PORT), signal);
    return again?.screen === 'install' && again.state.hasDisk ? again.state : undefined;
  });
}

async function upload({ vm, context, allow }: Session, { status }: AssistantState): Promise<void> {
  const stage = 'uploading the .pat';
  const utcTime = Date.parse(`${RTC_BASE}Z`) / 1000;
  const progress = (percent: number): void => context.progress(stage, percent);
  await vm.within('the upload of the .pat', allow(MINUTES.upload), (signal) =>
    uploadPat(vm.port(DSM_PORT), { file: context.inputs.pat, status, utcTime, progress }, signal),
  );
}

/** Follows the assistant's own progress until the guest resets the machine. */
async function waitForInstallation({ vm, context, allow }: Session): Promise<void> {
  let shown = '';
  const show = (stage: string, percent: number | undefined): void => {
    if (`${stage} ${percent}` !== shown) context.progress(`installing (${stage})`, percent);
    shown = `${stage} ${percent}`;
  };
  await vm.waitUntil('the installation to end', allow(MINUTES.install), async (signal) => {
    if (vm.resets > 0) return true;
    const now = await installProgress(vm.port(DSM_PORT), signal);
    if (now.kind === 'error') fail('INSTALL_FAILED', `the installation failed: ${describeError(now.body)}`);
    if (now.kind === 'working') show(now.stage, now.percent);
    return (now.kind === 'working' && now.stage === 'Success') || undefined;
  });
  context.progress('restarting the machine');
  if (vm.resets === 0) await vm.waitForReset(allow(MINUTES.reset), 0);
}

async function waitForSystem({ vm, context, allow }: Session): Promise<void> {
  context.progress('booting the installed system');
  const seen = await vm.waitUntil('the installed system', allow(MINUTES.system), (signal) =>
    look(vm.port(DSM_PORT), signal),
  );
  if (seen.screen === 'install')
    fail('INSTALL_NOT_BOOTED', `after the installation the install screen came again (${seen.state.status})`, {
      detail: await vm.evidence(),
      hint: 'the console shows why the system was not mounted',
    });
}

async function shutDown({ vm, context, allow }: Session): Promise<void> {
  context.progress('shutting down');
  await switchOff(context, vm, allow(MINUTES.shutdown));
}

function macsOfImage(image: string): ReturnType<typeof bootMacs> {
  using source = fileSource(image);
  return bootMacs(source);
}

async function makeSparse(file: string, bytes: number): Promise<void> {
  await using handle = await open(file, 'w');
  await handle.truncate(bytes);
}
