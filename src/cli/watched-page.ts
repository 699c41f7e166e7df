/**
 * One page for all builds of `dsmb watch`: each has the port and the token of the one before, and serves it until the
 * next one begins. The token goes from process to process in the environment, which other users cannot read.
 */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

/** Set by `dsmb watch` for its builds: `port token`, and `known` when one of them has told the address. */
const VARIABLE = 'DSMB_PAGE';
/** What a build sends to `dsmb watch` when it serves the page. */
const SERVED = 'page-served';

/** What `dsmb watch` has told this build of its page; undefined where no watch has started it. */
export function takePageOfWatch(env: NodeJS.ProcessEnv = process.env) {
  const [port, token, known] = env[VARIABLE]?.split(' ') ?? [];
  delete env[VARIABLE];
  if (port === undefined || token === undefined) return undefined;
  return { port: Number(port), token, known: known === 'known', stays: true };
}

/** Tells the watch that the page is there and its address told. */
export function tellServed(): void {
  process.send?.(SERVED);
}

/** The page of a watch. */
export class WatchedPage {
  readonly #port: number;
  readonly #token: string;
  #known = false;

  private constructor(port: number, token: string) {
    this.#port = port;
    this.#token = token;
  }

  /** `port`: undefined for any that is free. */
  static async choose(port: number | undefined, token: string): Promise<WatchedPage> {
    return new WatchedPage(port ?? (await freePort()), token);
  }

  /** For the environment of the next build. */
  next(): NodeJS.ProcessEnv {
    const words = [this.#port, this.#token, ...(this.#known ? ['known'] : [])];
    return { [VARIABLE]: words.join(' ') };
  }

  /** Takes what a build sends: one that ends before it serves has told nobody the address. */
  readonly hear = (message: unknown): void => {
    if (message === SERVED) this.#known = true;
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
