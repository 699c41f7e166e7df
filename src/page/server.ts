/** The page's server: on loopback, for those who have its token, inside the process whose builds it shows. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fail } from '../model/diagnostic.ts';
import { hasToken, isOwnPage, makeToken, SAFE_HEADERS } from './access.ts';
import { bundleAssets, SERVED_DOCUMENT, type Assets } from './assets.ts';
import type { PastBuild } from './protocol.ts';
import type { View } from './view.ts';

const HOST = '127.0.0.1';
const MOST_CONNECTIONS = 64;
/** How long a request may take to come. */
const REQUEST_MS = 10_000;

/** What the server can show. */
export interface Shown {
  /** The build that goes on, where there is one. */
  readonly live?: View;
  /** Takes the answer to a page that wants to follow the build; false where there is no room. */
  readonly follow?: (response: ServerResponse) => boolean;
  /** By its name in the history. */
  readonly past: (build: string) => View | undefined;
  readonly pastBuilds: () => readonly PastBuild[];
}

export interface ServerOptions {
  /** 0 or absent: any that is free. */
  readonly port?: number;
  /** Of a page that is there already. */
  readonly token?: string;
}

export class PageServer implements Disposable {
  readonly token: string;
  readonly #shown: Shown;
  readonly #server: Server;
  readonly #assets: Promise<Assets>;

  private constructor(shown: Shown, token: string) {
    this.#shown = shown;
    this.token = token;
    this.#assets = bundleAssets();
    // Whoever asks for them is told.
    this.#assets.catch(() => {});
    this.#server = createServer({ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS }, (request, response) => {
      this.#answer(request, response).catch(() => refuse(response, 500, 'this cannot be shown'));
    });
    this.#server.maxConnections = MOST_CONNECTIONS;
  }

  /** Starts one; a port that is taken is `PORT_TAKEN`. */
  static async open(shown: Shown, { port = 0, token = makeToken() }: ServerOptions = {}): Promise<PageServer> {
    const page = new PageServer(shown, token);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    page.#server.once('error', reject).listen(port, HOST, resolve);
    try {
      await promise;
      // What goes wrong with one connection ends neither the page nor the build.
      page.#server.on('error', () => {});
    } catch (error) {
      fail('PORT_TAKEN', `the page cannot be at port ${port}: ${(error as Error).message}`, {
        hint: 'leave out --ui-port: any port that is free is taken',
      });
    }
    return page;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** With the token in the part that browsers keep to themselves. */
  get address(): string {
    return `http://${HOST}:${this.port}/#${this.token}`;
  }

  /** The page's script and style. */
  get assets(): Promise<Assets> {
    return this.#assets;
  }

  [Symbol.dispose](): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(SAFE_HEADERS)) response.setHeader(name, value);
    if (!isOwnPage(request.headers, this.port)) return refuse(response, 403, 'this is not the address of the page');
    if (request.method !== 'GET') return refuse(response, 405, 'the page is only for reading');
    const { pathname, searchParams } = new URL(request.url ?? '/', `http://${HOST}`);
    if (!pathname.startsWith('/api/')) return this.#file(pathname, response);
    if (!hasToken(request.headers, this.token)) return refuse(response, 401, 'the token is missing or wrong');
    if (pathname === '/api/stream') return this.#follow(response);
    const found = this.#data(pathname, searchParams);
    if (found === undefined) refuse(response, 404, 'there is no such thing');
    else give(response, 'application/json', JSON.stringify(found));
  }

  async #file(pathname: string, response: ServerResponse): Promise<void> {
    switch (pathname) {
      case '/':
        return give(response, 'text/html', SERVED_DOCUMENT);
      case '/page.js':
        return give(response, 'text/javascript', (await this.#assets).script);
      case '/page.css':
        return give(response, 'text/css', (await this.#assets).style);
      default:
        return refuse(response, 404, 'there is no such page');
    }
  }

  #follow(response: ServerResponse): void {
    const { follow } = this.#shown;
    if (!follow) refuse(response, 404, 'no build goes on here');
    else if (!follow(response)) refuse(response, 503, 'no more pages can follow this build');
  }

  #data(pathname: string, query: URLSearchParams): unknown {
    const build = query.get('build');
    const view = build === null ? this.#shown.live : this.#shown.past(build);
    switch (pathname) {
      case '/api/builds':
        return this.#shown.pastBuilds();
      case '/api/build':
        return view?.snapshot();
      case '/api/details':
        return view?.details(Number(query.get('place'))) ?? (view && { why: [] });
      default:
        return undefined;
    }
  }
}

function give(response: ServerResponse, type: string, text: string): void {
  response.writeHead(200, { 'Content-Type': `${type}; charset=utf-8` }).end(text);
}

function refuse(response: ServerResponse, status: number, why: string): void {
  if (response.headersSent) response.destroy();
  else response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${why}\n`);
}
