/**
 * A remote cache that others wrote: bazel-remote, built by Go from the module in `test/tools/bazel-remote`, and kept below
 * `node_modules/.cache`. One server a test, on loopback, with an empty cache.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CHECKOUT } from './project.ts';

const MODULE = join(CHECKOUT, 'test/tools/bazel-remote');
const PACKAGE = 'github.com/buchgr/bazel-remote/v2';
const KEPT = join(CHECKOUT, 'node_modules/.cache/dsmb-test');
const run = promisify(execFile);

let built: Promise<string> | undefined;

/** Why there can be no server; undefined where there can. Builds the program where that was not done. */
export async function whyNoServer(): Promise<string | undefined> {
  try {
    await (built ??= build());
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT'
      ? 'there is no Go, which builds the remote cache'
      : `bazel-remote cannot be built: ${message}`;
  }
}

async function build(): Promise<string> {
  const name = createHash('sha256')
    .update(readFileSync(join(MODULE, 'go.sum')))
    .digest('hex')
    .slice(0, 16);
  const program = join(KEPT, `bazel-remote-${name}`);
  if (existsSync(program)) return program;
  mkdirSync(KEPT, { recursive: true });
  const folder = mkdtempSync(join(KEPT, 'building-'));
  try {
    cpSync(MODULE, folder, { recursive: true });
    await run('go', ['build', '-o', 'bazel-remote', PACKAGE], {
      cwd: folder,
      env: { ...process.env, CGO_ENABLED: '0' },
    });
    // Another run may have been faster: both are the same.
    renameSync(join(folder, 'bazel-remote'), program);
    return program;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export class BazelRemote implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'dsmb-remote-'));
  #server: ChildProcess | undefined;
  #port = 0;

  /** Starts one; `flags` are those of bazel-remote. */
  static async start(flags: readonly string[] = []): Promise<BazelRemote> {
    const remote = new BazelRemote();
    await remote.start(flags);
    return remote;
  }

  /** For `--remote-cache`. */
  get address(): string {
    return `grpc://127.0.0.1:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  /** What it has taken of processors. */
  cpuSeconds(): number {
    const fields = readFileSync(`/proc/${this.#server?.pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  /** Starts it again, at the same place and with the same cache. */
  async start(flags: readonly string[] = []): Promise<void> {
    const program = await (built ??= build());
    const [port, httpPort] = [this.#port || (await freePort()), await freePort()];
    this.#port = port;
    const own = ['--dir', join(this.folder, 'cache'), '--max_size', '1', '--access_log_level', 'none'];
    const addresses = ['--grpc_address', `127.0.0.1:${port}`, '--http_address', `127.0.0.1:${httpPort}`];
    const server = spawn(program, [...own, ...addresses, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#server = server;
    let said = '';
    for (const stream of [server.stdout, server.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (said += text));
    while (!said.includes('Starting HTTP')) {
      if (server.exitCode !== null) throw new Error(`bazel-remote ended:\n${said}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Ends it; its cache stays. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (!server || server.exitCode !== null) return;
    server.kill('SIGKILL');
    await once(server, 'exit');
  }

  [Symbol.dispose](): void {
    this.#server?.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A port that nobody has, on loopback. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
