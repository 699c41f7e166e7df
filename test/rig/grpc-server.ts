/** A gRPC server on loopback whose calls are noted. */
import { connectNodeAdapter } from '@connectrpc/connect-node';
import type { ConnectRouter } from '@connectrpc/connect';
import { once } from 'node:events';
import { createServer, type Http2Server, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';

export class GrpcServer implements Disposable {
  /** Names of methods, in the order of the calls. */
  readonly calls: string[] = [];
  readonly #server: Http2Server;
  readonly #sessions = new Set<ServerHttp2Session>();

  constructor(routes: (router: ConnectRouter) => void) {
    const handle = connectNodeAdapter({ routes });
    this.#server = createServer((request, response) => {
      this.calls.push(request.url.split('/').at(-1)!);
      handle(request, response);
    });
    this.#server.on('session', (session) => {
      this.#sessions.add(session);
      session.on('error', () => {}).on('close', () => this.#sessions.delete(session));
    });
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  get address(): string {
    return `grpc://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  count(method: string): number {
    return this.calls.filter((one) => one === method).length;
  }

  /** Cuts all connections. */
  [Symbol.dispose](): void {
    for (const session of this.#sessions) session.destroy();
    this.#server.close();
  }
}
