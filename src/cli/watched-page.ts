/**
 * One page for all builds of `dsmb watch`: the watch listens on its port from its beginning to its end, and hands each
 * connection to the build that serves the page then. The token goes to the builds in the environment, which other users
 * cannot read.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, Socket, type AddressInfo, type Server } from 'node:net';
import { fail } from '../model/diagnostic.ts';

/** Set by `dsmb watch` for its builds: `port token`, and `known` when one of them has told the address. */
const VARIABLE = 'DSMB_PAGE';
/** What a build sends to `dsmb watch` when it serves the page. */
const SERVED = 'page-served';
/** What the watch sends with a connection. */
const CONNECTION = 'page-connection';
const HOST = '127.0.0.1';
/** Connections that wait for the next build, and for how long. */
const MOST_WAITING = 16;
const WAIT_MS = 10_000;

/** What `dsmb watch` has told this build of its page; undefined where no watch has started it. */
export function takePageOfWatch(env: NodeJS.ProcessEnv = process.env) {
  const [port, token, known] = env[VARIABLE]?.split(' ') ?? [];
  delete env[VARIABLE];
  if (port === undefined || token === undefined) return undefined;
  return { port: Number(port), token, known: known === 'known', stays: true, connections: takeConnections };
}

/** Until this is disposed of, which the process waits for. Connections that come later are closed, or it would wait for them. */
function takeConnections(take: (connection: Socket) => void): Disposable {
  let serves = true;
  process.on('message', (message, handle) => {
    if (message !== CONNECTION || !(handle instanceof Socket)) return;
    if (serves) take(handle);
    else handle.destroy();
  });
  return {
    [Symbol.dispose]() {
      serves = false;
      process.channel?.unref();
    },
  };
}

/** Tells the watch that the page is there and its address told. */
export function tellServed(): void {
  process.send?.(SERVED);
}

/** The page of a watch. */
export class WatchedPage implements Disposable {
  readonly #server: Server;
  readonly #token: string;
  readonly #waiting = new Set<Socket>();
  /** Connections on their way to a build, which may be too busy to take them. */
  readonly #sent = new Set<Socket>();
  #build: ChildProcess | undefined;
  #known = false;

  private constructor(server: Server, token: string) {
    this.#server = server.on('connection', (connection: Socket) => this.#pass(connection)).on('error', () => {});
    this.#token = token;
  }

  /** `port`: undefined for any that is free. One that is taken is `PORT_TAKEN`. */
  static async open(port: number | undefined, token: string): Promise<WatchedPage> {
    const server = createServer({ pauseOnConnect: true }).listen(port ?? 0, HOST);
    try {
      await once(server, 'listening');
    } catch (error) {
      fail('PORT_TAKEN', `the page cannot be at port ${port}: ${(error as Error).message}`, {
        hint: 'leave out --ui-port: any port that is free is taken',
      });
    }
    return new WatchedPage(server, token);
  }

  /** For the environment of the next build. */
  next(): NodeJS.ProcessEnv {
    const { port } = this.#server.address() as AddressInfo;
    return { [VARIABLE]: [port, this.#token, ...(this.#known ? ['known'] : [])].join(' ') };
  }

  /** A build has begun. It gets connections as soon as it says so; one that ends before has told nobody the address. */
  follow(build: ChildProcess): void {
    build.on('message', (message) => {
      if (message !== SERVED) return;
      this.#known = true;
      this.#build = build;
      for (const connection of this.#waiting) this.#pass(connection);
    });
    build.on('exit', () => {
      if (this.#build !== build) return;
      this.#build = undefined;
      this.#sent.clear();
    });
  }

  /** The build is about to end: connections wait for the next one. */
  pause(): void {
    this.#build = undefined;
  }

  [Symbol.dispose](): void {
    this.#server.close();
    for (const connection of this.#waiting) connection.destroy();
  }

  #pass(connection: Socket): void {
    if (this.#build?.connected) {
      this.#waiting.delete(connection);
      if (this.#sent.size >= MOST_WAITING) return void connection.destroy();
      this.#sent.add(connection);
      // If the build ends just now, the page asks again.
      this.#build.send(CONNECTION, connection, () => {
        this.#sent.delete(connection);
        connection.destroy();
      });
    } else if (this.#waiting.size < MOST_WAITING) {
      this.#waiting.add(connection);
      connection.on('error', () => {}).on('close', () => this.#waiting.delete(connection));
      setTimeout(() => this.#waiting.has(connection) && connection.destroy(), WAIT_MS).unref();
    } else connection.destroy();
  }
}
