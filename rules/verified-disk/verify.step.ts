/** Boots a finished disk as a cloud host would, and looks at what it shows. */
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, step, type StepContext } from 'dsmb/step';
import { diskToRaw, openDisk } from 'dsmb/disk';
import { availableAccelerator, startVm, type Vm } from 'dsmb/vm';
import { DSM_PORT, look, type Seen } from '../installed-disk/assistant.ts';
import { bootMac } from '../installed-disk/boot-mac.ts';
import { judge, readConsole, type Expectation, type Observation } from './judge.ts';

interface VerifySpec {
  readonly args: { readonly expect: Expectation; readonly memoryMiB: number; readonly timeoutMinutes: number };
  readonly inputs: 'disk';
  readonly outputs: 'report';
}

type Context = StepContext<VerifySpec>;

/** A day after the installation's clock, so that no file system was written "in the future". */
const RTC_BASE = '2018-01-02T00:00:00';

/** The line that tells the guest's MAC may come a little after the first page; a real DSM does not print it. */
const READY_MS = 10_000;

const CONSOLE = 'console.log';
const SCREEN = 'screen.png';

export default step<VerifySpec>(async (context) => {
  const { args, inputs, scratch } = context;
  const mac = bootMac(openDisk(inputs.disk));
  const raw = context.assembled('disk') ?? assemble(context);

  await using vm = await startMachine(context, raw, mac);
  context.progress('booting the disk');
  const seen = await vm.waitUntil('port 5000', args.timeoutMinutes * 60_000, (signal) =>
    look(vm.port(DSM_PORT), signal),
  );
  const observation = await observe(vm, seen, mac);
  await vm.screenshot(join(scratch, SCREEN));

  const problems = judge(args.expect, observation);
  if (problems.length > 0)
    fail('VERIFY_FAILED', `the disk does not boot as it should: ${problems[0]}`, {
      detail: [...problems.map((problem) => `- ${problem}`), await vm.evidence()].join('\n'),
    });
  await writeReport(context, observation);
});

/** Where the engine offers no assembled disk. The machine writes to a snapshot, never to this file. */
function assemble({ inputs, scratch, progress }: Context): string {
  const raw = join(scratch, 'disk.raw');
  diskToRaw(inputs.disk, raw, (percent) => progress('assembling the disk', percent));
  return raw;
}

async function writeReport({ args, scratch, outputs: { report } }: Context, observation: Observation): Promise<void> {
  await mkdir(report);
  // Traces are written to the scratch folder, which is what a failed action leaves behind.
  for (const name of [CONSOLE, SCREEN]) await copyFile(join(scratch, name), join(report, name));
  const content = { expect: args.expect, ...observation };
  await writeFile(join(report, 'report.json'), `${JSON.stringify(content, null, 2)}\n`);
}

async function startMachine({ args, scratch, log }: Context, raw: string, mac: string): Promise<Vm> {
  const accelerator = availableAccelerator();
  log(`accelerator: ${accelerator}`);
  return startVm({
    accelerator,
    cpu: 'Penryn',
    memoryMiB: args.memoryMiB,
    rtcBase: RTC_BASE,
    disks: [{ file: raw, format: 'raw', interface: 'virtio', snapshot: true, bootIndex: 0 }],
    nics: [{ mac, forwards: [DSM_PORT] }],
    logFile: join(scratch, CONSOLE),
    scratch,
  });
}

async function observe(vm: Vm, seen: Seen, mac: string): Promise<Observation> {
  if (seen.screen === 'system') await waitForReadyLine(vm);
  return {
    screen: seen.screen,
    ...(seen.screen === 'install' ? { status: seen.state.status } : {}),
    mac,
    ...readConsole(vm.console.text),
  };
}

async function waitForReadyLine(vm: Vm): Promise<void> {
  const read = async (): Promise<string | undefined> => readConsole(vm.console.text).readyMac;
  await vm.waitUntil('DSM-READY', READY_MS, read).catch(() => undefined);
}
