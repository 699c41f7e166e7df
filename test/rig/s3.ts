/** An S3 server for a folder, of which each folder is a bucket, behind a proxy that counts. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { CountingProxy } from './counting-proxy.ts';
import { freePort } from './ssh-server.ts';

const KEY = 'tester';
const SECRET = 'secret-of-the-test';
const START_MS = 60_000;

/** The server, versitygw, which no Debian has; undefined where this machine has none. */
export function s3Program(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, 'versitygw')).find((file) => existsSync(file));
}

/** What a user without it can do. */
export const S3_MISSING =
  'no versitygw on the PATH: CGO_ENABLED=0 go install github.com/versity/versitygw/cmd/versitygw@v1.8.0';

export class S3Server implements AsyncDisposable {
  readonly proxy: CountingProxy;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, proxy: CountingProxy) {
    this.#child = child;
    this.proxy = proxy;
  }

  static async start(program: string, folder: string): Promise<S3Server> {
    const port = await freePort();
    const child = spawn(program, ['--port', `127.0.0.1:${port}`, 'posix', folder], {
      stdio: 'ignore',
      env: { HOME: folder, ROOT_ACCESS_KEY: KEY, ROOT_SECRET_KEY: SECRET },
    });
    for (const end = Date.now() + START_MS; !(await answers(port)); await pause(50))
      if (Date.now() > end || child.exitCode !== null) throw new Error('versitygw does not start');
    return new S3Server(child, await CountingProxy.start(port));
  }

  /** The section of rclone's configuration that reaches it. */
  section(name: string): string {
    const lines = {
      ...{ type: 's3', provider: 'Other', endpoint: this.proxy.url, region: 'us-east-1' },
      ...{ access_key_id: KEY, secret_access_key: SECRET },
    };
    return `[${name}]\n${Object.entries(lines)
      .map(([key, value]) => `${key} = ${value}\n`)
      .join('')}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.proxy[Symbol.asyncDispose]();
    const ended = once(this.#child, 'close');
    this.#child.kill();
    await ended;
  }
}

async function answers(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/`).then(
    () => true,
    () => false,
  );
}
