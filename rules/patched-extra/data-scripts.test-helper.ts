/** For tests: the scripts for data disks, run whole by busybox in a folder that stands for the root. */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Where data-disks.sh mounts the system. */
export const SYSTEM = '/run/dsmb-root';

/** What `mdadm --examine --scan` prints, and `blkid`: a test writes them. */
export const EXAMINED = '/examined';
export const IDENTIFIED = '/identified';

/** What a script has done. */
export interface Ran {
  readonly status: number | null;
  readonly stderr: string;
  /** Of mdadm, mount and umount, a line each. */
  readonly calls: readonly string[];
}

/** A root without its disks: mdadm, blkid, mount and umount are shell functions. */
export class ScriptRoot {
  readonly #root = realpathSync(mkdtempSync(join(tmpdir(), 'data-disks-')));
  readonly #commands: string;

  /** `commands`: the folder that has busybox. */
  constructor(commands: string) {
    this.#commands = commands;
    for (const folder of ['/etc', '/run', '/sys/block', '/tmp', '/dev'])
      mkdirSync(this.at(folder), { recursive: true });
  }

  at(path: string): string {
    return join(this.#root, path);
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    writeFileSync(this.at(path), text);
  }

  /** Undefined where there is none. */
  read(path: string): string | undefined {
    return existsSync(this.at(path)) ? this.#plain(readFileSync(this.at(path), 'utf8')) : undefined;
  }

  /** A disk at a place of the machine, for example `pci0000:00/virtio1`, with partitions and the arrays that hold them. */
  addDisk(name: string, place: string, holders: Readonly<Record<string, string>> = {}): void {
    const device = this.at(`/sys/devices/${place}/block/${name}`);
    mkdirSync(device, { recursive: true });
    symlinkSync(device, this.at(`/sys/block/${name}`));
    this.write(`/dev/${name}`, '');
    for (const [partition, array] of Object.entries(holders)) {
      mkdirSync(join(device, partition, 'holders', array), { recursive: true });
      this.write(`/dev/${partition}`, '');
    }
  }

  /** `stubs`: further functions in place of programs. */
  run(script: string, stubs = ''): Ran {
    const text = readFileSync(new URL(`./${script}`, import.meta.url), 'utf8');
    // Absolute paths, but not what follows `$mnt`, and no devices that only a configuration names.
    const moved = text.replaceAll(/(?<![\w$}*/.])\/(etc|run|sys|dev\/\$|tmp|volume)(?=[/$\w])/g, `${this.#root}/$1`);
    const known = (path: string): string => `${this.at(path)} 2>/dev/null`;
    const functions = `
      note() { echo "$*" >>${this.at('/calls')}; }
      mount() { note mount "$@"; }
      umount() { note umount "$@"; }
      mdadm() { note mdadm "$@"; [ "$1" != --examine ] || cat ${known(EXAMINED)}; }
      blkid() {
        [ $# != 0 ] || cat ${known(IDENTIFIED)}
        for device in "$@"; do grep "^/dev/\${device##*/}:" ${known(IDENTIFIED)}; done
      }
    `;
    const { status, stderr } = spawnSync(
      'busybox',
      ['sh', '-c', `${functions}\n${stubs}\n${moved}`, 'sh', '/dev/md0'],
      {
        encoding: 'utf8',
        env: { PATH: `${this.#commands}:${process.env['PATH']}` },
      },
    );
    const calls = this.read('/calls')?.trimEnd().split('\n') ?? [];
    return { status, stderr: this.#plain(stderr), calls };
  }

  [Symbol.dispose](): void {
    rmSync(this.#root, { recursive: true });
  }

  #plain(text: string): string {
    return text.replaceAll(this.#root, '');
  }
}
