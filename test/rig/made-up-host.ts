/** A host that is none: what the kernel says of itself in /proc and /sys, as files, in a sandbox around a real script. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A block device as sysfs has it. */
export interface MadeUpDevice {
  readonly name: string;
  readonly GiB?: number;
  /** Of which disk it is a partition. */
  readonly partitionOf?: string;
  /** What it is put together from. */
  readonly slaves?: readonly string[];
  readonly serial?: string;
  /** Of its DOS table, eight hex digits. */
  readonly tableId?: string;
}

export interface MadeUpHost {
  readonly devices: readonly MadeUpDevice[];
  /** Mount point to file system and the device's name; where the kernel has no number for that (btrfs), `numberless`. */
  readonly mounts: Readonly<Record<string, readonly [type: string, device: string, numberless?: 'numberless']>>;
  /** Files below /boot. */
  readonly boot?: Readonly<Record<string, string>>;
  readonly memoryMiB?: number;
  /** Secure Boot off or on; no EFI by default. */
  readonly efi?: 'insecure' | 'secure';
  /** Names of programs that run. */
  readonly running?: readonly string[];
  /** What `ip addr show` says behind an address. */
  readonly lease?: 'dynamic';
  readonly mac?: string;
  /** Programs that there are, beside those of a small system. */
  readonly programs?: readonly string[];
}

export interface Answer {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What makes the sandbox, and all programs that a script finds in it: busybox without libraries. */
export interface SandboxPrograms {
  readonly bubblewrap: string;
  readonly busybox: string;
}

/** The machine's own shell, which does not prefer applets of busybox to what is on the PATH. */
const SHELL = ['/bin', '/lib', '/lib64', '/usr'].flatMap((path) => ['--ro-bind-try', path, path]);
const INSTALLED = '/programs/busybox mkdir /applets; /programs/busybox --install -s /applets; exec /bin/sh "$@"';

export class HostSandbox {
  readonly #root: string;
  readonly #programs: SandboxPrograms;
  readonly #devices: readonly MadeUpDevice[];

  /** Lays the files out in an empty folder. */
  constructor(root: string, programs: SandboxPrograms, host: MadeUpHost) {
    this.#root = root;
    this.#programs = programs;
    this.#devices = host.devices;
    for (const folder of ['sys/block', 'sys/class/block', 'sys/dev/block', 'proc', 'dev', 'boot', 'bin', 'folder'])
      mkdirSync(join(root, folder), { recursive: true });
    host.devices.forEach((device, number) => this.#addDevice(device, number, host.devices));
    this.#addProc(host);
    this.#addNetwork(host);
    for (const [path, content] of Object.entries(host.boot ?? {})) this.#write(`boot/${path}`, content);
    if (host.efi) {
      const on = host.efi === 'secure' ? 1 : 0;
      this.#write('sys/firmware/efi/efivars/SecureBoot-8be4df61', Buffer.from([6, 0, 0, 0, on]));
    }
    this.#program('df', `printf 'F B U A C M\\nx 1 1 1000000 1 /boot\\n'`);
    for (const name of host.programs ?? []) this.#program(name, 'true');
  }

  /** Runs a script that lies in `folder`, by `sh`; `folder` is `/folder` there. */
  run(folder: string, script: string, args: readonly string[]): Answer {
    const disks = this.#devices.filter(
      ({ tableId, partitionOf }) => tableId !== undefined && partitionOf === undefined,
    );
    const { status, stdout, stderr } = spawnSync(
      this.#programs.bubblewrap,
      [
        ...['--unshare-all', '--uid', '0', '--gid', '0', '--die-with-parent', '--tmpfs', '/'],
        ...SHELL,
        ...['--ro-bind', this.#programs.busybox, '/programs/busybox'],
        ...['--dev', '/dev', '--tmpfs', '/run', '--tmpfs', '/tmp', '--ro-bind', folder, '/folder'],
        ...['sys', 'proc', 'boot', 'bin'].flatMap((name) => ['--ro-bind', join(this.#root, name), to(name)]),
        ...disks.flatMap(({ name }) => ['--ro-bind', join(this.#root, 'dev', name), `/dev/${name}`]),
        ...['--clearenv', '--setenv', 'PATH', '/made-up:/applets'],
        ...['--', '/bin/sh', '-c', INSTALLED, 'sh', `/folder/${script}`, ...args],
      ],
      { encoding: 'utf8', timeout: 60_000, input: '' },
    );
    return { status, stdout, stderr };
  }

  #addDevice(device: MadeUpDevice, number: number, all: readonly MadeUpDevice[]): void {
    const { name, GiB = 40, partitionOf, slaves = [], serial, tableId } = device;
    const folder = partitionOf === undefined ? `sys/devices/${name}` : `sys/devices/${partitionOf}/${name}`;
    this.#write(`${folder}/size`, `${GiB * 2 ** 21}\n`);
    this.#write(`${folder}/ro`, '0\n');
    if (partitionOf !== undefined) this.#write(`${folder}/partition`, '1\n');
    if (serial !== undefined) this.#write(`${folder}/serial`, `${serial}\n`);
    mkdirSync(join(this.#root, folder, 'slaves'));
    for (const slave of slaves) {
      const of = all.find((one) => one.name === slave)?.partitionOf;
      symlinkSync(
        `/sys/devices/${of === undefined ? '' : `${of}/`}${slave}`,
        join(this.#root, folder, 'slaves', slave),
      );
    }
    symlinkSync(`/${folder}`, join(this.#root, 'sys/class/block', name));
    symlinkSync(`/${folder}`, join(this.#root, 'sys/dev/block', `8:${number}`));
    if (partitionOf === undefined) symlinkSync(`/${folder}`, join(this.#root, 'sys/block', name));
    if (tableId === undefined) return;
    const sector = Buffer.alloc(1024);
    Buffer.from(tableId, 'hex').reverse().copy(sector, 440);
    sector.writeUInt16LE(0xaa55, 510);
    this.#write(`dev/${name}`, sector);
  }

  #addProc({ devices, mounts, memoryMiB = 1024, running = [] }: MadeUpHost): void {
    const lines = Object.entries(mounts).map(([point, [type, device, numberless]], id) => {
      const number = numberless ? '0:40' : `8:${devices.findIndex(({ name }) => name === device)}`;
      return `${id} 1 ${number} / ${point} rw shared:1 - ${type} /dev/${device} rw\n`;
    });
    this.#write('proc/self/mountinfo', lines.join(''));
    this.#write('proc/meminfo', `MemTotal:       ${memoryMiB * 1024} kB\n`);
    this.#write('proc/cmdline', 'root=/dev/x console=ttyS0,115200\n');
    this.#write('proc/uptime', '100.00 100.00\n');
    ['init', ...running].forEach((name, number) => this.#write(`proc/${number + 1}/comm`, `${name}\n`));
  }

  #addNetwork({ mac = '52:54:00:77:88:99', lease }: MadeUpHost): void {
    this.#write('sys/class/net/eth0/address', `${mac}\n`);
    this.#write(
      'proc/net/route',
      'Iface Destination Gateway Flags RefCnt Use Metric Mask\neth0 00000000 01020ac0 3 0 0 0 00000000\n',
    );
    const address = `2: eth0 inet 192.0.2.7/24 brd 192.0.2.255 scope global ${lease ?? ''} eth0`;
    this.#program(
      'ip',
      `case "$*" in *-4*addr*) echo '${address}' ;; *-4*route*) echo 'default via 192.0.2.1 dev eth0' ;; esac`,
    );
  }

  #program(name: string, body: string): void {
    this.#write(`bin/${name}`, `#!/bin/sh\n${body}\n`);
    chmodSync(join(this.#root, 'bin', name), 0o755);
  }

  #write(path: string, content: string | Buffer): void {
    const file = join(this.#root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
}

function to(name: string): string {
  return name === 'bin' ? '/made-up' : `/${name}`;
}
