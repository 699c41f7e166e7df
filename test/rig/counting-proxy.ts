/** A proxy in front of a web server on loopback that counts what is uploaded, and can cut an upload off. */
import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export class CountingProxy implements AsyncDisposable {
  /** Bytes of files that came in. */
  uploaded = 0;
  /** Files that came in, in their order. */
  readonly names: string[] = [];
  /** All that it was asked, as `GET install.sh`. */
  readonly asked: string[] = [];
  /** Uploads that are still taken; then connections are cut. */
  left = Infinity;
  readonly #server: Server;

  private constructor(port: number) {
    this.#server = createServer((asked, answer) => this.#pass(asked, answer, port));
  }

  static async start(port: number): Promise<CountingProxy> {
    const proxy = new CountingProxy(port);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Begins to count anew. */
  forget(): void {
    this.uploaded = 0;
    this.names.length = 0;
    this.asked.length = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  #pass(asked: IncomingMessage, answer: ServerResponse, port: number): void {
    const { method, url = '/', headers } = asked;
    // S3 has its signature behind the name.
    const name = url.slice(1).replace(/\?.*/, '');
    this.asked.push(`${method} ${name}`);
    if (method === 'PUT') {
      if (this.left-- <= 0) return void asked.destroy();
      this.names.push(name);
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
