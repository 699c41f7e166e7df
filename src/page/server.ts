/** The page's server: on loopback, for those who have its token, inside the process whose builds it shows. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { fail, Failure } from '../model/diagnostic.ts';
import { printable } from '../report/printable.ts';
import { hasToken, isOwnPage, makeToken, SAFE_HEADERS } from './access.ts';
import { bundleAssets, SERVED_DOCUMENT, type Assets } from './assets.ts';
import { Downloads } from './downloads.ts';
import { dataAt, type Data } from './routes.ts';

const HOST = '127.0.0.1';
const MOST_CONNECTIONS = 64;
/** How long a request may take to come. */
const REQUEST_MS = 10_000;
/** How long a connection may be silent; pages hear something each second. */
const SILENCE_MS = 60_000;

/** What the server can show. */
export interface Shown extends Data {
  /** Takes the answer to a page that wants to follow the build; false where there is no room. */
  readonly follow?: (response: ServerResponse) => boolean;
}

export interface ServerOptions {
  /** 0 or absent: any that is free. */
  readonly port?: number;
  /** Of a page that is there already. */
  readonly token?: string;
  /** Somebody else listens on the port, and hands over the connections that come there. */
  readonly connections?: (take: (connection: Socket) => void) => Disposable;
}

export class PageServer implements Disposable {
  readonly token: string;
  readonly #shown: Shown;
  readonly #server: Server;
  readonly #assets: Promise<Assets>;
  readonly #downloads = new Downloads();
  /** Those that were handed over: the server has not accepted them itself. */
  readonly #taken = new Set<Socket>();
  /** What ends those whose first request does not come. */
  readonly #slow = new WeakMap<Socket, NodeJS.Timeout>();
  #connections: Disposable | undefined;
  #port = 0;

  private constructor(shown: Shown, token: string) {
    this.#shown = shown;
    this.token = token;
    this.#assets = bundleAssets();
    // Whoever asks for them is told.
    this.#assets.catch(() => {});
    this.#server = createServer({ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS }, (request, response) => {
      this.#answer(request, response).catch((error: unknown) => refuse(response, 500, whyNot(error)));
    });
    this.#server.maxConnections = MOST_CONNECTIONS;
    this.#server.timeout = SILENCE_MS;
  }

  /** Starts one; a port that is taken is `PORT_TAKEN`. */
  static async open(
    shown: Shown,
    { port = 0, token = makeToken(), connections }: ServerOptions = {},
  ): Promise<PageServer> {
    const page = new PageServer(shown, token);
    if (connections) page.#connections = connections((connection) => page.#take(connection));
    else await page.#listen(port);
    page.#port = connections ? port : (page.#server.address() as AddressInfo).port;
    // What goes wrong with one connection ends neither the page nor the build.
    page.#server.on('error', () => {});
    return page;
  }

  get port(): number {
    return this.#port;
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
    this.#downloads[Symbol.dispose]();
    this.#shown.artifacts[Symbol.dispose]();
    this.#server.close();
    this.#server.closeAllConnections();
    this.#connections?.[Symbol.dispose]();
    for (const connection of this.#taken) connection.destroy();
  }

  async #listen(port: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once('error', reject).listen(port, HOST, resolve);
    try {
      await promise;
    } catch (error) {
      fail('PORT_TAKEN', `the page cannot be at port ${port}: ${(error as Error).message}`, {
        hint: 'leave out --ui-port: any port that is free is taken',
      });
    }
  }

  #take(connection: Socket): void {
    if (this.#taken.size >= MOST_CONNECTIONS) return void connection.destroy();
    this.#taken.add(connection);
    // A server that does not listen itself has no eye on how long requests take to come.
    const slow = setTimeout(() => connection.destroy(), REQUEST_MS).unref();
    this.#slow.set(connection, slow);
    connection.on('close', () => {
      clearTimeout(slow);
      this.#taken.delete(connection);
    });
    connection.on('error', () => {});
    this.#server.emit('connection', connection);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    clearTimeout(this.#slow.get(request.socket));
    for (const [name, value] of Object.entries(SAFE_HEADERS)) response.setHeader(name, value);
    if (!isOwnPage(request.headers, this.port)) return refuse(response, 403, 'this is not the address of the page');
    if (request.method !== 'GET') return refuse(response, 405, 'the page is only for reading');
    const { pathname, searchParams } = new URL(request.url ?? '/', `http://${HOST}`);
    if (pathname.startsWith('/download/')) return this.#download(pathname, response);
    if (!pathname.startsWith('/api/')) return this.#file(pathname, response);
    if (!hasToken(request.headers, this.token)) return refuse(response, 401, 'the token is missing or wrong');
    if (pathname === '/api/stream') return this.#follow(response);
    const found = await dataAt(this.#shown, this.#downloads, pathname, searchParams);
    if (found === undefined) refuse(response, 404, 'there is no such thing');
    else give(response, 'application/json', JSON.stringify(found));
  }

  async #download(pathname: string, response: ServerResponse): Promise<void> {
    if (!(await this.#downloads.give(pathname, response)))
      refuse(response, 404, 'this address has been used, or is too old');
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
}

/** What a user can do something about. */
function whyNot(error: unknown): string {
  return error instanceof Failure ? printable(error.diagnostic.message) : 'this cannot be shown';
}

function give(response: ServerResponse, type: string, text: string): void {
  response.writeHead(200, { 'Content-Type': `${type}; charset=utf-8` }).end(text);
}

function refuse(response: ServerResponse, status: number, why: string): void {
  if (response.headersSent) response.destroy();
  else response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${why}\n`);
}
