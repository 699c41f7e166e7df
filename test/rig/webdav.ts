/** A WebDAV server of rclone for a folder, behind a proxy that counts. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { CountingProxy } from './counting-proxy.ts';

export class Webdav implements AsyncDisposable {
  readonly proxy: CountingProxy;
  readonly #rclone: ChildProcess;

  private constructor(rclone: ChildProcess, proxy: CountingProxy) {
    this.#rclone = rclone;
    this.proxy = proxy;
  }

  static async start(rclone: string, folder: string): Promise<Webdav> {
    const child = spawn(rclone, ['serve', 'webdav', folder, '--addr', '127.0.0.1:0', '--config', '/dev/null'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    return new Webdav(child, await CountingProxy.start(await portOf(child)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.proxy[Symbol.asyncDispose]();
    const ended = once(this.#rclone, 'close');
    this.#rclone.kill();
    await ended;
  }
}

async function portOf({ stderr }: ChildProcess): Promise<number> {
  let said = '';
  for await (const bytes of stderr!.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    said += bytes.toString();
    const [, port] = /http:\/\/127\.0\.0\.1:(\d+)/.exec(said) ?? [];
    if (port !== undefined) {
      stderr!.resume();
      return Number(port);
    }
  }
  throw new Error(`rclone does not serve:\n${said}`);
}
