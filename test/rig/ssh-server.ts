/** A real sshd on loopback, as the user that runs the test: its user `root` has a home folder of the test's. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where root runs the test: sshd as root changes the user for each session, which needs folders of the machine's. */
const NOBODY = 65_534;

/** What the test has of programs. */
export interface SshPrograms {
  readonly commands: string;
  /** Root folder of the toolchain with sshd. */
  readonly toolchain: string;
}

export class SshServer implements AsyncDisposable {
  readonly port: number;
  /** The home folder of the user that logs in. */
  readonly home: string;
  readonly #folder: string;
  readonly #key: string;
  readonly #programs: SshPrograms;
  readonly #children: ChildProcess[] = [];

  private constructor(folder: string, port: number, programs: SshPrograms) {
    this.#folder = folder;
    this.#key = join(folder, 'key');
    this.#programs = programs;
    this.home = join(folder, 'home');
    this.port = port;
  }

  static async start(programs: SshPrograms): Promise<SshServer> {
    const server = new SshServer(mkdtempSync(join(tmpdir(), 'dsmb-sshd-')), await freePort(), programs);
    await server.#start();
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) {
      const ended = once(child, 'close');
      child.kill();
      await ended;
    }
    rmSync(this.#folder, { recursive: true });
  }

  /** Makes `.ssh` in the home folder of a user who may log in: with a key, or with one that only an agent has. */
  allow(home: string, { key }: { readonly key: boolean }): void {
    const folder = join(home, '.ssh');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (key) cpSync(this.#key, join(folder, 'id_ed25519'));
    const [type, content] = readFileSync(join(this.#folder, 'host.pub'), 'utf8').split(' ');
    writeFileSync(join(folder, 'known_hosts'), `[127.0.0.1]:${this.port} ${type} ${content}\n`);
  }

  /** Starts an agent with the key; the path of its socket. */
  async agent(): Promise<string> {
    const socket = join(this.#folder, 'agent');
    const agent = spawn(this.#program('ssh-agent'), ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] });
    this.#children.push(agent);
    await once(agent.stdout, 'data');
    const env = { ...process.env, SSH_AUTH_SOCK: socket };
    execFileSync(this.#program('ssh-add'), ['-q', this.#key], { env, stdio: 'ignore' });
    return socket;
  }

  async #start(): Promise<void> {
    const folder = this.#folder;
    const user = process.getuid?.() === 0 ? NOBODY : (process.getuid?.() ?? NOBODY);
    mkdirSync(this.home);
    for (const name of ['key', 'host'])
      execFileSync(this.#program('ssh-keygen'), ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)]);
    cpSync(join(folder, 'key.pub'), join(folder, 'authorized_keys'));
    writeFileSync(join(folder, 'passwd'), `root:x:${user}:${user}::${this.home}:/bin/sh\n`);
    writeFileSync(join(folder, 'group'), `root:x:${user}:\n`);
    const settings = [
      ...[`Port ${this.port}`, 'ListenAddress 127.0.0.1', `HostKey ${folder}/host`, 'PidFile none', 'UsePAM no'],
      ...[`AuthorizedKeysFile ${folder}/authorized_keys`, 'StrictModes no', 'PasswordAuthentication no'],
    ];
    writeFileSync(join(folder, 'sshd_config'), `${settings.join('\n')}\n`);
    chmodSync(folder, 0o755);
    const asAnother = process.getuid?.() === 0 ? { uid: user, gid: user } : {};
    if (process.getuid?.() === 0) for (const name of ['host', 'home']) chownSync(join(folder, name), user, user);
    const toolchain = join(folder, 'toolchain');
    const sshd = spawn(this.#copyOfSshd(toolchain), ['-D', '-e', '-r', '-f', join(folder, 'sshd_config')], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        PATH: '/usr/bin:/bin',
        LD_PRELOAD: join(toolchain, 'usr/lib/x86_64-linux-gnu/libnss_wrapper.so'),
        NSS_WRAPPER_PASSWD: join(folder, 'passwd'),
        NSS_WRAPPER_GROUP: join(folder, 'group'),
      },
      ...asAnother,
    });
    this.#children.push(sshd);
    await answers(this.port);
  }

  /** A store is for its user alone, and sshd may run as another: it gets a copy of its toolchain. */
  #copyOfSshd(toolchain: string): string {
    cpSync(this.#programs.toolchain, toolchain, { recursive: true, verbatimSymlinks: true });
    const program = join(this.#folder, 'sshd');
    const command = readFileSync(this.#program('sshd'), 'utf8');
    writeFileSync(program, command.replaceAll(this.#programs.toolchain, toolchain), { mode: 0o755 });
    return program;
  }

  #program(name: string): string {
    return join(this.#programs.commands, name);
  }
}

async function answers(port: number): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    const socket = connect(port, '127.0.0.1');
    const open = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('sshd does not answer');
}

/** A port that nobody uses now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
