/** The QEMU command line of a machine that a person works with: its serial console is the terminal. Pure. */
import { DEFAULT_MACHINE, diskArguments, SANDBOX, type Accelerator, type VmDisk } from './machine.ts';

/** A machine for a person. */
export interface AttendedMachine {
  readonly accelerator: Accelerator;
  readonly cpu: string;
  readonly memoryMiB: number;
  readonly disks: readonly VmDisk[];
  readonly mac: string;
  /** TCP ports of the guest, each reachable at the same port of 127.0.0.1. */
  readonly ports: readonly number[];
}

/**
 * The arguments of `qemu-system-x86_64`. Standard input and output are the serial console, with QEMU's monitor behind
 * Ctrl-A: `x` ends the machine, `c` shows the monitor. Ctrl-C goes to the guest.
 */
export function attendedArguments({ accelerator, cpu, memoryMiB, disks, mac, ports }: AttendedMachine): string[] {
  const forwards = ports.map((port) => `,hostfwd=tcp:127.0.0.1:${port}-:${port}`).join('');
  return [
    ...['-nodefaults', '-no-user-config'],
    ...['-machine', `${DEFAULT_MACHINE},accel=${accelerator}`, '-cpu', cpu, '-smp', '1', '-m', `${memoryMiB}M`],
    ...['-sandbox', SANDBOX, '-vga', 'std', '-display', 'none', '-serial', 'mon:stdio'],
    ...disks.flatMap(diskArguments),
    ...['-netdev', `user,id=net0${forwards}`],
    ...['-device', `virtio-net-pci,netdev=net0,mac=${mac},romfile=`],
  ];
}
