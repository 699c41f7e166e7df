/** A web server for the installer's folder, on loopback, which can stop giving blocks. */
import { createReadStream, statSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';

export class BlockServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #folder: string;
  /** Blocks that it still gives. */
  left = Infinity;
  /** Blocks that it was asked for. */
  asked = 0;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#server = createServer(({ url = '/' }, response) => this.#answer(url, response));
  }

  static async start(folder: string): Promise<BlockServer> {
    const server = new BlockServer(folder);
    const { promise, resolve } = Promise.withResolvers<void>();
    server.#server.listen(0, '127.0.0.1', resolve);
    await promise;
    return server;
  }

  /** As a guest of QEMU's user-mode network reaches it. */
  get url(): string {
    return `http://10.0.2.2:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeAllConnections();
    await promise;
  }

  #answer(url: string, response: ServerResponse): void {
    const path = normalize(url);
    if (path.startsWith('/blocks/') && this.asked++ >= this.left) return;
    const file = join(this.#folder, path);
    const size = statSync(file, { throwIfNoEntry: false })?.size;
    if (size === undefined) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-length': size });
    createReadStream(file).pipe(response);
  }
}
