/** Boots a finished disk as a cloud host would, and looks at what it shows. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, step, type StepContext } from 'dsmb/step';
import { openDisk } from 'dsmb/disk';
import type { Vm } from 'dsmb/vm';
import { DSM_PORT, look, type Seen } from '../installed-disk/assistant.ts';
import { bootMac } from '../installed-disk/boot-mac.ts';
import { BOOT_CLOCK, keepTraces, rawFile, startDsm, takePicture } from '../machine/machine.ts';
import { judge, readConsole, type Expectation, type Observation } from './judge.ts';

interface VerifySpec {
  readonly args: { readonly expect: Expectation; readonly memoryMiB: number; readonly timeoutMinutes: number };
  readonly inputs: 'disk';
  readonly outputs: 'report';
}

type Context = StepContext<VerifySpec>;

/** The line that tells the guest's MAC may come a little after the first page; a real DSM does not print it. */
const READY_MS = 10_000;

export default step<VerifySpec>(async (context) => {
  const { args, inputs, allInputs } = context;
  const { code, variables } = allInputs;
  const mac = bootMac(openDisk(inputs.disk));
  // Writes go to an overlay that is gone with the machine.
  const disk = {
    file: rawFile(context, 'disk'),
    format: 'raw',
    interface: 'virtio',
    snapshot: true,
    bootIndex: 0,
  } as const;

  const efi = code !== undefined && variables !== undefined ? { code, variables } : undefined;

  await using vm = await startDsm(context, { memoryMiB: args.memoryMiB, clock: BOOT_CLOCK, disks: [disk], mac, efi });
  context.progress('booting the disk');
  const seen = await vm.waitUntil('port 5000', args.timeoutMinutes * 60_000, (signal) =>
    look(vm.port(DSM_PORT), signal),
  );
  const observation = await observe(vm, seen, mac);
  await takePicture(context, vm);

  const problems = judge(args.expect, observation);
  if (problems.length > 0)
    fail('VERIFY_FAILED', `the disk does not boot as it should: ${problems[0]}`, {
      detail: [...problems.map((problem) => `- ${problem}`), await vm.evidence()].join('\n'),
    });
  await writeReport(context, observation);
});

async function writeReport(context: Context, observation: Observation): Promise<void> {
  const { report } = context.outputs;
  await keepTraces(context, report);
  const content = { expect: context.args.expect, ...observation };
  await writeFile(join(report, 'report.json'), `${JSON.stringify(content, null, 2)}\n`);
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
