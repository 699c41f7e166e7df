/** The machine of a rented host, what a user does at its console, and what is asked of the NAS that it becomes. */
import { join } from 'node:path';
import { fail, type StepContext, type StepSpec } from 'dsmb/step';
import { availableAccelerator, startVm, type Vm, type VmDisk } from 'dsmb/vm';

export const GIB = 1024 ** 3;
export const MAC = '52:54:00:77:88:99';
/** Of the installer's page, and of the installed system's. */
export const PAGE = 80;
const DSM = 5000;
/** Where the data partition starts, in MiB; and how much of it a file system has for files, at least. */
const DATA_START_MIB = 4608;
const DATA_SHARE = 0.98;
/** A machine that does other things as well is slow. */
export const ANSWER_MS = 300_000;

export interface HostMachine {
  readonly disks: readonly VmDisk[];
  readonly memoryMiB: number;
  /** Name of the console's log in the scratch folder. */
  readonly log: string;
  /** Of the guest, where it has none by DHCP. */
  readonly address?: string;
  /** More arguments of QEMU. */
  readonly more?: readonly string[];
}

type Context = Pick<StepContext<StepSpec>, 'scratch' | 'log'>;

/** Starts it; the web server of this machine's loopback is 10.0.2.2 for it. */
export function startHost({ scratch, log }: Context, machine: HostMachine): Promise<Vm> {
  const accelerator = availableAccelerator();
  log(`accelerator: ${accelerator}`);
  const forwards = [PAGE, DSM].map((port) => `,hostfwd=tcp:127.0.0.1:0-${machine.address ?? ''}:${port}`).join('');
  return startVm({
    accelerator,
    memoryMiB: machine.memoryMiB,
    rtcBase: '2024-01-02T00:00:00',
    disks: machine.disks,
    extraArguments: [
      ...['-netdev', `user,id=host${forwards}`, '-device', `virtio-net-pci,netdev=host,mac=${MAC},romfile=`],
      ...(machine.more ?? []),
    ],
    logFile: join(scratch, machine.log),
    scratch,
  });
}

/** What a command prints. Its end is marked by a word that the echo of the command does not have. */
export async function ask(vm: Vm, command: string): Promise<string> {
  vm.console.send(`echo be""gin; ${command}; echo e""nd\n`);
  const { groups } = await vm.waitForConsoleText(/^begin\n([^]*?)^end$/m, ANSWER_MS);
  return groups[1]!.trim();
}

/** Not one sector may be written while `command` runs; gives what it prints. */
export async function askWithoutWriting(vm: Vm, command: string): Promise<string> {
  // An array marks itself clean a moment after the last write.
  const written = "sync; sleep 1; sync; awk '{ sum += $7 } END { print sum }' /sys/block/vd*/stat";
  const before = await ask(vm, written);
  const said = await ask(vm, command);
  const after = await ask(vm, written);
  if (before !== after) fail('DRY_RUN', `${command} wrote ${Number(after) - Number(before)} sectors`, { detail: said });
  return said;
}

/** What the installed system has of its host, where that is told. */
export interface Inherited {
  /** The only address. */
  readonly address?: string;
  /** Of the disk, all of which is used. */
  readonly sizeGiB?: number;
}

/** The installed system, with the address of the host's own card, and its page. */
export async function requireNas(vm: Vm, ms: number, { address, sizeGiB }: Inherited): Promise<void> {
  const ready = await vm.waitForConsoleText(/DSM-READY[^\n]* mac=(\S+) ip=(\S+)[^\n]* data=(\d+)[^\n]*\n/, ms);
  const [, mac, ip, data] = ready.groups;
  if (mac !== MAC) fail('WRONG_MAC', `the system runs with the MAC ${mac}, the host has ${MAC}`);
  if (address !== undefined && ip !== address)
    fail('WRONG_ADDRESS', `the system runs with the address ${ip}, the host had ${address}`);
  if (sizeGiB !== undefined) {
    const room = sizeGiB * 1024 - DATA_START_MIB;
    if (Number(data) < room * DATA_SHARE || Number(data) > room)
      fail('WRONG_SIZE', `the data volume has ${data} MiB, the disk has ${room} for it`);
  }
  await vm.waitForHttp(DSM, '/', ANSWER_MS);
}
