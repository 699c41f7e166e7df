/** A rented host in a virtual machine, which somebody reaches over ssh: it becomes the NAS by `dsmb run //deploy`. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fillRest } from '../../examples/cloud-host/host-disk.ts';
import { startVm, type Vm } from '../../src/vm/index.ts';
import type { Finished, Invocation } from '../../src/testing/invocation.ts';
import { freePort } from './ssh-server.ts';

const GIB = 2 ** 30;
const MAC = '52:54:00:77:88:99';
const LIMIT_MS = 1_200_000;
const MEMORY_MIB = 512;

export interface Rented {
  /** The host's disk, a raw file, and the folder of the installer. */
  readonly host: string;
  readonly installer: string;
  /** Programs of others. */
  readonly commands: string;
  /** An empty folder. */
  readonly folder: string;
  /** Calls dsmb, with a home folder. */
  readonly dsmb: (args: readonly string[], home: string) => Invocation;
}

/** Boots the host, deploys to it, and boots what it has become; how the call of `//deploy` ended. */
export async function deployToMachine(rented: Rented): Promise<Finished> {
  const { host, installer, commands, folder, dsmb } = rented;
  const disk = join(folder, 'host.raw');
  execFileSync('cp', ['--sparse=always', host, disk]);
  fillRest(disk, { installer, bytes: 20 * GIB });
  const ports = { ssh: await freePort(), page: await freePort(), system: await freePort() };
  const key = makeHome(folder, commands);
  const start = (logName: string, more: readonly string[]): Promise<Vm> =>
    startVm({
      command: [join(commands, 'qemu-system-x86_64')],
      // A /dev/kvm that is there may hang every guest.
      accelerator: 'tcg',
      memoryMiB: MEMORY_MIB,
      disks: [{ file: disk, format: 'raw', interface: 'virtio', bootIndex: 0 }],
      extraArguments: [
        '-netdev',
        `user,id=host,hostfwd=tcp:127.0.0.1:${ports.ssh}-:22,hostfwd=tcp:127.0.0.1:${ports.page}-:80,hostfwd=tcp:127.0.0.1:${ports.system}-:5000`,
        ...['-device', `virtio-net-pci,netdev=host,mac=${MAC},romfile=`, ...more],
      ],
      logFile: join(folder, logName),
      scratch: folder,
    });
  const call = ['run', '//deploy', '--', 'root@127.0.0.1', '--port', `${ports.ssh}`];
  let running: Invocation;
  {
    // The machine that starts after the restart is another one: see examples/cloud-host.
    await using vm = await start('console-host.log', ['-no-reboot']);
    await vm.waitForConsoleText('debian login:', LIMIT_MS);
    vm.console.send('root\n');
    await vm.waitForConsoleText('# ', LIMIT_MS);
    vm.console.send(`mkdir -p .ssh /etc/dropbear; echo '${key}' >.ssh/authorized_keys; dropbear -R && echo let""in\n`);
    await vm.waitForConsoleText('letin', LIMIT_MS);
    running = dsmb([...call, '--pages', `${ports.page},${ports.system}`, '--yes'], folder);
    await Promise.race([vm.waitForExit(LIMIT_MS), running.finished]);
  }
  await using _nas = await start('console.log', []);
  return await running.finished;
}

/** A key, and settings as users have them who rent many hosts; the public key. */
function makeHome(home: string, commands: string): string {
  const folder = join(home, '.ssh');
  mkdirSync(folder, { mode: 0o700 });
  const file = join(folder, 'id_ed25519');
  execFileSync(join(commands, 'ssh-keygen'), ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
  writeFileSync(join(folder, 'config'), 'StrictHostKeyChecking accept-new\n');
  return readFileSync(`${file}.pub`, 'utf8').trim();
}
