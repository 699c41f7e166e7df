/** What a virtual machine is made of, and the QEMU command line that makes it. Pure. */

/** A disk of the machine. */
export interface VmDisk {
  readonly file: string;
  readonly format: 'raw' | 'qcow2';
  /** `ide`: an ATA disk of the i440FX chipset. `virtio`: virtio-blk on PCI. */
  readonly interface: 'ide' | 'virtio';
  /** Place on the IDE cables: `hda` is 0, `hdb` 1, `hdc` 2, `hdd` 3. For virtio disks the order of the list counts. */
  readonly slot?: IdeSlot;
  readonly readOnly?: boolean;
  /** Writes go to an overlay that is gone when the machine ends; the file stays as it is. */
  readonly snapshot?: boolean;
  /** Place in the firmware's boot order, 0 first. Disks without one are not booted from. */
  readonly bootIndex?: number;
}

export type IdeSlot = 'hda' | 'hdb' | 'hdc' | 'hdd';

/** A network card, on QEMU's user-mode network: 10.0.2.0/24 with DHCP, and no way out to the host or further. */
export interface VmNic {
  readonly mac: string;
  readonly model?: 'virtio-net-pci' | 'e1000';
  /** Guest TCP ports that are reachable from the host, each on a free port of 127.0.0.1. */
  readonly forwards?: readonly number[];
}

export type Accelerator = 'tcg' | 'kvm';

/** The two files of a UEFI for QEMU, as OVMF has them. */
export interface EfiFirmware {
  readonly code: string;
  /** Settings of the firmware. What a machine changes in them is gone when it ends. */
  readonly variables: string;
}

/** A machine, complete enough that two starts differ in nothing but time. */
export interface MachineSpec {
  /** A versioned machine type, so that a newer QEMU gives the same hardware; `pc-i440fx-7.2` by default. */
  readonly machine?: string;
  /** UEFI instead of the emulator's own BIOS. */
  readonly efi?: EfiFirmware;
  /** CPU model; `qemu64` by default. */
  readonly cpu?: string;
  readonly memoryMiB: number;
  readonly disks?: readonly VmDisk[];
  readonly nics?: readonly VmNic[];
  readonly accelerator: Accelerator;
  /** The clock at power-on, as `YYYY-MM-DDTHH:MM:SS` (UTC). */
  readonly rtcBase?: string;
  readonly uuid?: string;
  /** Adds a pvpanic device, by which a Linux guest reports a kernel panic. */
  readonly panicDevice?: boolean;
  /** More arguments for QEMU, for what has no field here. */
  readonly extraArguments?: readonly string[];
}

/** File descriptors that QEMU inherits for its monitor and its serial console. */
export const QMP_FD = 3;
export const CONSOLE_FD = 4;

export const DEFAULT_MACHINE = 'pc-i440fx-7.2';
const DEFAULT_UUID = '64736d62-0000-4000-8000-000000000001';
const DEFAULT_RTC_BASE = '2018-01-01T00:00:00';

/** What QEMU may not do after its start (seccomp). */
export const SANDBOX = 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny';

/**
 * The arguments of `qemu-system-x86_64`. The machine starts stopped, so that nothing is missed before the monitor
 * listens; the console's bytes also go to `logFile`.
 */
export function machineArguments(spec: MachineSpec, logFile: string): string[] {
  return [
    ...['-nodefaults', '-no-user-config', '-S'],
    ...['-machine', `${spec.machine ?? DEFAULT_MACHINE},accel=${spec.accelerator}`],
    ...(spec.efi ? efiArguments(spec.efi) : []),
    ...['-cpu', spec.cpu ?? 'qemu64', '-smp', '1', '-m', `${spec.memoryMiB}M`],
    ...['-uuid', spec.uuid ?? DEFAULT_UUID, '-rtc', `base=${spec.rtcBase ?? DEFAULT_RTC_BASE},clock=vm`],
    ...['-action', 'panic=exit-failure', '-sandbox', SANDBOX],
    ...['-vga', 'std', '-display', 'none'],
    ...['-chardev', `socket,id=qmp,fd=${QMP_FD}`, '-mon', 'chardev=qmp,mode=control'],
    ...['-chardev', `socket,id=console,fd=${CONSOLE_FD},logfile=${option(logFile)},logappend=off`],
    ...['-serial', 'chardev:console'],
    ...(spec.panicDevice ? ['-device', 'pvpanic-pci'] : []),
    ...(spec.disks ?? []).flatMap(diskArguments),
    ...(spec.nics ?? []).flatMap(nicArguments),
    ...(spec.extraArguments ?? []),
  ];
}

function efiArguments({ code, variables }: EfiFirmware): string[] {
  return [
    ...['-drive', `if=pflash,unit=0,format=raw,readonly=on,file=${option(code)}`],
    ...['-drive', `if=pflash,unit=1,format=raw,snapshot=on,file=${option(variables)}`],
  ];
}

/** A disk as `-drive` and `-device`; `index` is its place in the list. */
export function diskArguments(disk: VmDisk, index: number): string[] {
  const id = `disk${index}`;
  const drive = [
    `file=${option(disk.file)}`,
    `format=${disk.format}`,
    `if=none,id=${id},cache=unsafe,discard=unmap`,
    // Guests write zeroes over whole file systems: keep the file sparse.
    'detect-zeroes=unmap',
    `readonly=${onOff(disk.readOnly)},snapshot=${onOff(disk.snapshot)}`,
  ];
  const boot = disk.bootIndex === undefined ? '' : `,bootindex=${disk.bootIndex}`;
  return ['-drive', drive.join(','), '-device', `${diskDevice(disk, index)},drive=${id}${boot}`];
}

function diskDevice(disk: VmDisk, index: number): string {
  if (disk.interface === 'virtio') return 'virtio-blk-pci';
  const place = disk.slot ? ['hda', 'hdb', 'hdc', 'hdd'].indexOf(disk.slot) : index;
  return `ide-hd,bus=ide.${place >> 1},unit=${place & 1}`;
}

function nicArguments(nic: VmNic, index: number): string[] {
  const id = `net${index}`;
  const forwards = (nic.forwards ?? []).map((port) => `,hostfwd=tcp:127.0.0.1:0-:${port}`).join('');
  return [
    ...['-netdev', `user,id=${id},restrict=on${forwards}`],
    // No option ROM: nothing boots from the network, and the firmware need not be there.
    ...['-device', `${nic.model ?? 'virtio-net-pci'},netdev=${id},mac=${nic.mac},romfile=`],
  ];
}

/** QEMU splits option lists at commas; a comma of the value is doubled. */
function option(value: string): string {
  return value.replaceAll(',', ',,');
}

function onOff(value: boolean | undefined): 'on' | 'off' {
  return value ? 'on' : 'off';
}
