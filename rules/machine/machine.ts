/** The machine that DSM runs on here, and its traces. */
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, type StepContext, type StepSpec } from 'dsmb/step';
import { diskToRaw } from 'dsmb/disk';
import { availableAccelerator, startVm, type EfiFirmware, type Vm, type VmDisk } from 'dsmb/vm';
import { DSM_PORT } from '../installed-disk/assistant.ts';

/** The clock of a machine that boots an installed disk: a day after the installation's, so that no file is "of the future". */
export const BOOT_CLOCK = '2018-01-02T00:00:00';

const CONSOLE = 'console.log';
const SCREEN = 'screen.png';

export interface DsmMachine {
  readonly memoryMiB: number;
  /** Time at power-on, as `YYYY-MM-DDTHH:MM:SS`. */
  readonly clock: string;
  readonly disks: readonly VmDisk[];
  /** UEFI; a BIOS by default. */
  readonly efi?: EfiFirmware | undefined;
  /** Of its network cards; port 5000 is reached through the first. */
  readonly macs: readonly [first: string, ...others: string[]];
}

type Context = Pick<StepContext<StepSpec>, 'scratch' | 'log'>;

/** Starts it. Its console goes to the scratch folder, which is what a failed action leaves behind. */
export function startDsm({ scratch, log }: Context, { memoryMiB, clock, disks, macs, efi }: DsmMachine): Promise<Vm> {
  const accelerator = availableAccelerator();
  log(`accelerator: ${accelerator}`);
  return startVm({
    accelerator,
    cpu: 'Penryn',
    memoryMiB,
    ...(efi ? { efi } : {}),
    rtcBase: clock,
    disks,
    nics: macs.map((mac, index) => ({ mac, forwards: index === 0 ? [DSM_PORT] : [] })),
    logFile: join(scratch, CONSOLE),
    scratch,
  });
}

/**
 * Presses the power button, and ends the machine by force where its system does not switch it off. Fails with VM_CUT_OFF
 * where QEMU does not end by itself: killed, it may leave out what the guest has written.
 */
export async function switchOff(
  { log }: Pick<Context, 'log'>,
  vm: Pick<Vm, 'powerDown' | 'waitForExit'>,
  ms: number,
): Promise<void> {
  // Where it is forced, the guest's kernel has written its buffers (30 s); what is left is a journal to replay.
  if ((await vm.powerDown(ms)) === 'forced') log('warning: the system ignored the power button and was switched off');
  const { signal } = await vm.waitForExit(0);
  if (signal !== null) fail('VM_CUT_OFF', `QEMU had to be killed (${signal}): what it wrote may be incomplete`);
}

/** Takes a picture of the screen, to be kept with the console. */
export async function takePicture({ scratch }: Context, vm: Vm): Promise<void> {
  await vm.screenshot(join(scratch, SCREEN));
}

/** Copies console and picture into a new folder. */
export async function keepTraces({ scratch }: Context, folder: string): Promise<void> {
  await mkdir(folder);
  for (const name of [CONSOLE, SCREEN]) await copyFile(join(scratch, name), join(folder, name));
}

/** A disk input as a raw file: the one that the engine keeps, or one of the action's own. Nobody writes to it. */
export function rawFile<Spec extends StepSpec>(
  { assembled, inputs, scratch, progress }: StepContext<Spec>,
  input: Spec['inputs'],
): string {
  const kept = assembled(input);
  if (kept !== undefined) return kept;
  const raw = join(scratch, `${input}.raw`);
  diskToRaw(inputs[input], raw, (percent) => progress('assembling the disk', percent));
  return raw;
}
