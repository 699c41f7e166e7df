/** A WebDAV server of rclone for a folder, behind a proxy that counts what is uploaded and can cut an upload off. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export class Webdav implements AsyncDisposable {
  /** Bytes of files that came in. */
  uploaded = 0;
  /** Files that came in, in their order. */
  readonly names: string[] = [];
  /** All that it was asked, as `GET install.sh`. */
  readonly asked: string[] = [];
  /** Uploads that are still taken; then connections are cut. */
  left = Infinity;
  readonly #rclone: ChildProcess;
  readonly #proxy: Server;

  private constructor(rclone: ChildProcess, port: number) {
    this.#rclone = rclone;
    this.#proxy = createServer((asked, answer) => this.#pass(asked, answer, port));
  }

  static async start(rclone: string, folder: string): Promise<Webdav> {
    const child = spawn(rclone, ['serve', 'webdav', folder, '--addr', '127.0.0.1:0', '--config', '/dev/null'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const webdav = new Webdav(child, await portOf(child));
    webdav.#proxy.listen(0, '127.0.0.1');
    await once(webdav.#proxy, 'listening');
    return webdav;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#proxy.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#proxy.close();
    this.#proxy.closeAllConnections();
    const ended = once(this.#rclone, 'close');
    this.#rclone.kill();
    await ended;
  }

  #pass(asked: IncomingMessage, answer: ServerResponse, port: number): void {
    const { method, url = '/', headers } = asked;
    this.asked.push(`${method} ${url.slice(1)}`);
    if (method === 'PUT') {
      if (this.left-- <= 0) return void asked.destroy();
      this.names.push(url.slice(1));
      asked.on('data', (bytes: Buffer) => (this.uploaded += bytes.length));
    }
    const passed = request({ host: '127.0.0.1', port, method, path: url, headers }, (given) => {
      answer.writeHead(given.statusCode!, given.headers);
      given.pipe(answer);
    });
    passed.on('error', () => answer.destroy());
    asked.pipe(passed);
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
