/**
 * Debian's headless Chromium, driven by the DevTools protocol. It runs in a sandbox whose root is its packages, so that
 * the machine need have none of what it is linked with. Debian replaces it every few weeks: which version it is does not
 * matter to tests, so it is in no lock of the repository.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Store } from '../../cache/store.ts';
import { PackageTrees } from '../../src/execute/toolchains/package-trees.ts';
import type { DebianAttributes } from '../../src/model/builtin.ts';
import { browser } from '../tools/build.dsm.ts';
import { TOOLS } from './prepared.ts';
import { CHECKOUT } from './project.ts';

const LOCKS = join(CHECKOUT, 'node_modules/.cache/dsmb-test');
const START_MS = 60_000;

export type Values = Readonly<Record<string, unknown>>;

interface Reply {
  readonly id?: number;
  readonly result?: Values;
  readonly error?: { readonly message: string };
  readonly method?: string;
  readonly params?: Values;
}

/** How a page is looked at. */
export interface Look {
  readonly width?: number;
  readonly height?: number;
  readonly dark?: boolean;
}

let root: Promise<string> | undefined;

/** Why there is no browser; undefined where there is one. Fetches it where that was not done. */
export async function whyNoBrowser(): Promise<string | undefined> {
  try {
    await (root ??= unpack());
    return undefined;
  } catch (error) {
    return `Debian's Chromium cannot be had: ${(error as Error).message}`;
  }
}

async function unpack(): Promise<string> {
  mkdirSync(LOCKS, { recursive: true });
  const store = new Store(TOOLS);
  const context = { lockFile: join(LOCKS, 'browser.lock.json'), frozen: false, warn: () => {} };
  const { packages, closure } = browser.attributes as unknown as DebianAttributes;
  const tree = await new PackageTrees(store, context, () => {}).of(packages, closure);
  if (tree.type !== 'directory') throw new Error('it is not a tree');
  return store.folders.folder(tree);
}

export class Browser implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #socket: WebSocket;
  readonly #folder: string;
  readonly #waiting = new Map<number, PromiseWithResolvers<Values>>();
  #next = 1;
  #session = '';
  /** Addresses that the page has asked for. */
  readonly requested: string[] = [];
  /** What the page has complained of: errors, and what its policy has refused. */
  readonly complaints: string[] = [];

  private constructor(process: ChildProcess, socket: WebSocket, folder: string) {
    this.#process = process;
    this.#socket = socket;
    this.#folder = folder;
    socket.addEventListener('message', ({ data }) => this.#receive(JSON.parse(String(data)) as Reply));
  }

  /** Starts one with an empty page. It can reach this machine's loopback, and files of `shown`. */
  static async start(bubblewrap: string, shown: string): Promise<Browser> {
    const folder = mkdtempSync(join(tmpdir(), 'dsmb-browser-'));
    const packages = await (root ??= unpack());
    const links = ['bin', 'lib', 'lib64', 'sbin'].filter((name) => existsSync(join(packages, name)));
    const child = spawn(
      bubblewrap,
      [
        ...['--unshare-pid', '--unshare-ipc', '--die-with-parent', '--new-session', '--clearenv'],
        ...['--ro-bind', join(packages, 'usr'), '/usr', '--ro-bind-try', join(packages, 'etc'), '/etc'],
        ...links.flatMap((name) => ['--symlink', `usr/${name}`, `/${name}`]),
        ...['--proc', '/proc', '--dev', '/dev', '--tmpfs', '/tmp', '--bind', folder, '/profile'],
        ...['--ro-bind', shown, shown, '--setenv', 'HOME', '/profile', '--setenv', 'PATH', '/usr/bin'],
        '/usr/lib/chromium/chromium-headless-shell',
        ...['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--remote-debugging-port=0'],
        ...['--user-data-dir=/profile', 'about:blank'],
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const socket = new WebSocket(await addressOf(child));
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', reject);
    });
    const browser = new Browser(child, socket, folder);
    await browser.#attach();
    return browser;
  }

  /** Shows a page in a window. */
  async open(address: string, { width = 1280, height = 800, dark = false }: Look = {}): Promise<void> {
    await this.look({ width, height, dark });
    await this.send('Page.navigate', { url: address });
  }

  /** Changes the window. */
  async look({ width = 1280, height = 800, dark = false }: Look): Promise<void> {
    await this.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false });
    const features = [{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }];
    await this.send('Emulation.setEmulatedMedia', { features });
  }

  /** What an expression gives in the page. */
  async value<T>(expression: string): Promise<T> {
    const { result } = await this.send('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true });
    return (result as { value: T }).value;
  }

  /** The text that a reader sees. */
  text(): Promise<string> {
    return this.value('document.body.innerText');
  }

  async press(key: string): Promise<void> {
    const text = key.length === 1 ? { text: key } : {};
    await this.send('Input.dispatchKeyEvent', { type: 'keyDown', key, ...text });
    await this.send('Input.dispatchKeyEvent', { type: 'keyUp', key });
  }

  /** A PNG of the window. */
  async picture(): Promise<Buffer> {
    const { data } = await this.send('Page.captureScreenshot', { format: 'png' });
    return Buffer.from(data as string, 'base64');
  }

  async send(method: string, params: Values = {}): Promise<Values> {
    const id = this.#next++;
    const reply = Promise.withResolvers<Values>();
    this.#waiting.set(id, reply);
    const session = this.#session === '' ? {} : { sessionId: this.#session };
    this.#socket.send(JSON.stringify({ id, method, params, ...session }));
    return reply.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#socket.close();
    this.#process.kill('SIGKILL');
    await gone;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #attach(): Promise<void> {
    const { targetInfos } = await this.send('Target.getTargets');
    const page = (targetInfos as { type: string; targetId: string }[]).find(({ type }) => type === 'page');
    const { sessionId } = await this.send('Target.attachToTarget', { targetId: page!.targetId, flatten: true });
    this.#session = String(sessionId);
    for (const domain of ['Page', 'Runtime', 'Network', 'Log']) await this.send(`${domain}.enable`);
  }

  #receive({ id, result = {}, error, method, params = {} }: Reply): void {
    if (method === 'Network.requestWillBeSent') this.requested.push((params['request'] as { url: string }).url);
    if (method === 'Log.entryAdded') this.complaints.push((params['entry'] as { text: string }).text);
    if (method === 'Runtime.exceptionThrown') this.complaints.push(JSON.stringify(params['exceptionDetails']));
    const waiting = id === undefined ? undefined : this.#waiting.get(id);
    if (id === undefined || !waiting) return;
    this.#waiting.delete(id);
    if (error) waiting.reject(new Error(error.message));
    else waiting.resolve(result);
  }
}

/** Where it can be driven, which it says when it has started. */
async function addressOf(child: ChildProcess): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let said = '';
  const late = setTimeout(() => reject(new Error(`the browser did not start:\n${said}`)), START_MS);
  child.on('exit', () => reject(new Error(`the browser did not start:\n${said}`)));
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    const [, address] = /DevTools listening on (ws:\S+)/.exec(said) ?? [];
    if (address !== undefined) resolve(address);
  });
  return promise.finally(() => clearTimeout(late));
}
