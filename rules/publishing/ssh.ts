/** A host over ssh: one connection, which asks for what it needs once, and takes many commands. */
import { spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { borrowed, fail } from 'dsmb/step';

/** ssh wants to know who calls it, and finds keys and settings in the home folder that it is told. */
const USERS = '/usr/lib/x86_64-linux-gnu/libnss_wrapper.so';
/** A host that restarts says no goodbye. */
const ALIVE = ['-o', 'ServerAliveInterval=5', '-o', 'ServerAliveCountMax=3', '-o', 'ConnectTimeout=30'];

export class Host implements AsyncDisposable {
  readonly #target: readonly string[];
  readonly #env: NodeJS.ProcessEnv;
  /** Its name or address, as the user's settings have it. */
  address = '';

  private constructor(target: readonly string[], env: NodeJS.ProcessEnv) {
    this.#target = target;
    this.#env = env;
  }

  /** Connects; ssh asks at the terminal, where there is one. */
  static async connect(scratch: string, target: string, port: number | undefined): Promise<Host> {
    const home = join(scratch, 'home');
    mkdirSync(home);
    const settings = borrowed('ssh');
    if (settings === undefined) mkdirSync(join(home, '.ssh'), { mode: 0o700 });
    else symlinkSync(settings, join(home, '.ssh'));
    writeFileSync(join(scratch, 'passwd'), `root:x:0:0::${home}:/bin/sh\n`);
    writeFileSync(join(scratch, 'group'), 'root:x:0:\n');
    const agent = borrowed('agent');
    const env = {
      ...process.env,
      HOME: home,
      LD_PRELOAD: USERS,
      NSS_WRAPPER_PASSWD: join(scratch, 'passwd'),
      NSS_WRAPPER_GROUP: join(scratch, 'group'),
      ...(agent === undefined ? {} : { SSH_AUTH_SOCK: agent }),
    };
    // The path of a socket may have some hundred bytes only.
    const socket = join(mkdtempSync('/tmp/ssh-'), 'c');
    const options = [
      ...['-o', `ControlPath=${socket}`, ...ALIVE],
      // The folder is read-only: keys of new hosts are kept for as long as this runs.
      ...['-o', `UserKnownHostsFile=${join(scratch, 'known_hosts')} ~/.ssh/known_hosts`],
      ...(process.stdin.isTTY ? [] : ['-o', 'BatchMode=yes']),
      ...(port === undefined ? [] : ['-p', `${port}`]),
      ...['--', target],
    ];
    const host = new Host(options, env);
    const master = ['-o', 'ControlMaster=yes', '-o', 'ControlPersist=yes', '-N', '-f'];
    if ((await host.#ssh(master, [], 'inherit')).code !== 0)
      fail('DEPLOY_FAILED', `ssh does not reach ${target}`, {
        hint: `ssh ${port === undefined ? '' : `-p ${port} `}${target}: does it let you in?`,
      });
    const shown = await host.#ssh(['-G'], [], ['ignore', 'pipe', 'inherit']);
    host.address = /^hostname (.*)$/m.exec(shown.output)?.[1] ?? target.replace(/^.*@/, '');
    return host;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ssh(['-O', 'exit'], [], 'ignore');
  }

  /** What a command prints. */
  async output(command: string): Promise<string> {
    const { code, output } = await this.#ssh([], [command], ['ignore', 'pipe', 'inherit']);
    return code === 0
      ? output
      : fail('DEPLOY_FAILED', `a command failed on ${this.address}, with exit code ${code}`, { detail: command });
  }

  /** Runs a command with the user's terminal, where there is one; its exit code, 255 where the connection was lost. */
  async inTerminal(command: string): Promise<number> {
    const { code } = await this.#ssh(process.stdin.isTTY ? ['-t'] : [], [command], 'inherit');
    return code;
  }

  /** Sends files of a folder; whether all of them arrived. */
  async unpack(folder: string, paths: readonly string[], to: string): Promise<boolean> {
    const packing = spawn('tar', ['--create', '--dereference', '--directory', folder, '--', ...paths], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const packed = once(packing, 'close') as Promise<[number | null]>;
    const { code } = await this.#ssh([], [`tar -x -f - -C ${quoted(to)}`], [packing.stdout, 'ignore', 'inherit']);
    packing.stdout.destroy();
    return (await packed)[0] === 0 && code === 0;
  }

  async #ssh(options: readonly string[], command: readonly string[], stdio: StdioOptions) {
    const child = spawn('ssh', [...options, ...this.#target, ...command], { stdio, env: this.#env });
    const output: Buffer[] = [];
    child.stdout?.on('data', (bytes: Buffer) => output.push(bytes));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code: code ?? 255, output: Buffer.concat(output).toString() };
  }
}

/** A word for the shell over there. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
