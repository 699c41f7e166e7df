/** A web server for a folder, on loopback, that answers as bad networks and broken mirrors do. */
import { createReadStream, statSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';

/** What happens to one answer in place of the file. */
export type Fault =
  /** Status 404 and a page. */
  | 'missing'
  /** A page of somebody else, with status 200. */
  | 'wrong'
  /** The first half, then the connection breaks off. */
  | 'cut'
  /** Bytes without an end. */
  | 'endless'
  /** The whole file, a little at a time. */
  | 'slow';

/** Decides about each answer: by the path and by how often it was asked for before. */
export type Faults = (path: string, times: number) => Fault | undefined;

const SLOW_PIECES = 20;
const SLOW_MS = 50;

async function* later(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    await pause(SLOW_MS);
    yield piece;
  }
}

export class FaultyServer implements AsyncDisposable {
  readonly #folder: string;
  readonly #server: Server;
  /** Paths in the order in which they were asked for. */
  readonly asked: string[] = [];
  faults: Faults = () => undefined;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#server = createServer(({ url = '/' }, response) => this.#answer(url, response));
  }

  /** On a free port, or on one where another server has been. */
  static async start(folder: string, port = 0): Promise<FaultyServer> {
    const server = new FaultyServer(folder);
    const { promise, resolve } = Promise.withResolvers<void>();
    server.#server.listen(port, '127.0.0.1', resolve);
    await promise;
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeAllConnections();
    await promise;
  }

  #answer(url: string, response: ServerResponse): void {
    const times = this.asked.filter((path) => path === url).length;
    this.asked.push(url);
    const file = join(this.#folder, normalize(url));
    const size = statSync(file, { throwIfNoEntry: false })?.size;
    const fault = size === undefined ? 'missing' : this.faults(url, times);
    switch (fault) {
      case undefined:
        // What a careless server says of a .gz: it is bytes all the same.
        response.writeHead(200, { 'content-length': size, 'content-encoding': 'gzip' });
        createReadStream(file).pipe(response);
        return;
      case 'missing':
        response.writeHead(404).end('no such file');
        return;
      case 'wrong':
        response.end('<html>Please log in to this network.</html>');
        return;
      case 'cut':
        response.writeHead(200, { 'content-length': size });
        createReadStream(file, { end: size! >> 1 }).on('data', (bytes) => response.write(bytes));
        setTimeout(() => response.destroy(), 100);
        return;
      case 'slow':
        response.writeHead(200, { 'content-length': size });
        // Whoever asked may be gone, or this server may end.
        pipeline(createReadStream(file, { highWaterMark: Math.ceil(size! / SLOW_PIECES) }), later, response).catch(() =>
          response.destroy(),
        );
        return;
      case 'endless': {
        const more = (): void => {
          while (!response.destroyed && response.write(Buffer.alloc(65_536, 1)));
        };
        response.on('drain', more);
        more();
      }
    }
  }
}
