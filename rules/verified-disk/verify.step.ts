/** Boots a finished disk as a cloud host would, and looks at what it shows. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, step, type StepContext } from 'dsmb/step';
import { openDisk, writableDisk, type WritableDisk } from 'dsmb/disk';
import type { Vm, VmDisk } from 'dsmb/vm';
import { DSM_PORT, look, type Seen } from '../installed-disk/assistant.ts';
import { bootMacs } from '../installed-disk/boot-mac.ts';
import { BOOT_CLOCK, keepTraces, rawFile, startDsm, switchOff, takePicture } from '../machine/machine.ts';
import { judge, readConsole, type Expectation, type Observation } from './judge.ts';

interface VerifySpec {
  readonly args: {
    readonly expect: Expectation;
    readonly memoryMiB: number;
    readonly timeoutMinutes: number;
    /** How many other disks the machine has: the inputs `data1`, `data2` … */
    readonly dataDisks?: number;
    /** Of the disk among them. */
    readonly place?: 'first' | 'last';
    readonly volumes?: readonly string[];
  };
  readonly inputs: 'disk' | `data${number}`;
  readonly outputs: 'report';
}

type Context = StepContext<VerifySpec>;

/** DSM-READY may come a little after the first page; a real DSM does not print it. */
const READY_MS = 10_000;
const SHUTDOWN_MS = 120_000;

export default step<VerifySpec>(async (context) => {
  const { args, inputs, allInputs } = context;
  const { code, variables } = allInputs;
  const macs = bootMacs(openDisk(inputs.disk));
  // Writes go to overlays that are gone with the machine.
  const disk = {
    file: rawFile(context, 'disk'),
    format: 'raw',
    interface: 'virtio',
    snapshot: true,
    bootIndex: 0,
  } as const;
  const others = await openDataDisks(context);
  const otherDisks = others.map(({ file }): VmDisk => ({ file, format: 'qcow2', interface: 'virtio' }));
  const disks = args.place === 'last' ? [...otherDisks, disk] : [disk, ...otherDisks];

  const efi = code !== undefined && variables !== undefined ? { code, variables } : undefined;

  await using vm = await startDsm(context, { memoryMiB: args.memoryMiB, clock: BOOT_CLOCK, disks, macs, efi });
  context.progress('booting the disk');
  const end = Date.now() + args.timeoutMinutes * 60_000;
  const seen = await vm.waitUntil('port 5000', end - Date.now(), (signal) => look(vm.port(DSM_PORT), signal));
  // Only DSM-READY tells the volumes: where they are wanted, it has all the time that is left.
  if (seen.screen === 'system') await waitForReadyLine(vm, args.volumes ? end - Date.now() : READY_MS);
  const observation = observe(vm, seen, macs);
  await takePicture(context, vm);

  const problems = judge(args.expect, observation, args.volumes);
  if (problems.length > 0)
    fail('VERIFY_FAILED', `the disk does not boot as it should: ${problems[0]}`, {
      detail: [...problems.map((problem) => `- ${problem}`), await vm.evidence()].join('\n'),
    });
  await writeReport(context, { ...observation, ...(await changesOf(context, vm, others)) });
});

/** Other disks that the machine may write to: what it wrote is looked at afterwards. */
async function openDataDisks(context: Context): Promise<WritableDisk[]> {
  const opened: WritableDisk[] = [];
  for (let number = 1; number <= (context.args.dataDisks ?? 0); number++) {
    const name = `data${number}` as const;
    const base = {
      disk: context.inputs[name] ?? fail('INTERNAL', `the step has no input ${name}`),
      raw: rawFile(context, name),
    };
    opened.push(await writableDisk(base, join(context.scratch, `${name}.qcow2`)));
  }
  return opened;
}

/** QEMU tells all that was written only when it has ended in order. */
async function changesOf(
  context: Context,
  vm: Vm,
  disks: readonly WritableDisk[],
): Promise<Pick<Observation, 'dataDisks'>> {
  if (disks.length === 0) return {};
  context.progress('shutting down');
  await switchOff(context, vm, SHUTDOWN_MS);
  const dataDisks = [];
  for (const [index, disk] of disks.entries()) {
    const { written } = await disk.toDisk(join(context.scratch, `after${index}`));
    dataDisks.push({ changedBlocks: written });
  }
  return { dataDisks };
}

async function writeReport(context: Context, observation: Observation): Promise<void> {
  const { report } = context.outputs;
  await keepTraces(context, report);
  const content = { expect: context.args.expect, ...observation };
  await writeFile(join(report, 'report.json'), `${JSON.stringify(content, null, 2)}\n`);
}

function observe(vm: Vm, seen: Seen, [mac, ...otherMacs]: readonly [string, ...string[]]): Observation {
  return {
    screen: seen.screen,
    ...(seen.screen === 'install' ? { status: seen.state.status } : {}),
    mac,
    ...(otherMacs.length === 0 ? {} : { otherMacs }),
    ...readConsole(vm.console.text),
  };
}

async function waitForReadyLine(vm: Vm, ms: number): Promise<void> {
  const read = async (): Promise<string | undefined> => readConsole(vm.console.text).readyMac;
  await vm.waitUntil('DSM-READY', Math.max(ms, READY_MS), read).catch(() => undefined);
}
