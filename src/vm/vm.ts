/** A running virtual machine: verbs with deadlines, and failures that show what the machine showed. */
import { mkdtemp, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Code } from '../model/codes.ts';
import { fail, Failure, type Diagnostic } from '../model/diagnostic.ts';
import { Console, type ConsoleMatch, type Pattern } from './console.ts';
import { DeadlineExceeded, pause, within } from './deadline.ts';
import { machineArguments, type MachineSpec } from './machine.ts';
import { httpGet, parseForwards, type HttpAnswer } from './ports.ts';
import { startQemu, type Exit, type QemuProcess } from './process.ts';
import { Qmp } from './qmp.ts';
import { Showing, type Tell } from './showing.ts';

/** A machine and where its traces go. */
export interface VmOptions extends MachineSpec {
  /** Everything that the console says goes here; the last screenshot of a failure goes beside it. */
  readonly logFile: string;
  /** A folder on disk for QEMU's own messages and for overlays of `snapshot` disks. */
  readonly scratch: string;
  /**
   * How to run the emulator: `['qemu-system-x86_64']` by default. A sandbox may stand before it, if it passes on
   * inherited file descriptors, shows the files of this machine under the same paths, and dies with its parent.
   */
  readonly command?: readonly string[];
  /** Gets what the machine shows; by default the engine does, where a step starts the machine. */
  readonly tell?: Tell;
}

/** How a machine was brought down: by its own system, or by force. */
export type PowerDown = 'clean' | 'forced';

const START_MS = 30_000;
const POLL_MS = 500;
const FORCE_MS = 5000;
const PANIC = /Kernel panic - not syncing[^\n]*/;

/** Starts a machine. It runs when this returns; `await using` ends it in every case. */
export async function startVm(options: VmOptions): Promise<Vm> {
  // Not the scratch folder itself: QEMU takes a TMPDIR of /tmp for "none given" and goes to /var/tmp.
  const folder = await mkdtemp(join(options.scratch, 'qemu-'));
  const messagesFile = join(folder, 'qemu.log');
  const argv = [...(options.command ?? ['qemu-system-x86_64']), ...machineArguments(options, options.logFile)];
  const process = await startQemu(argv, { messagesFile, temporary: folder });
  const vm = new Vm(options, process, new Qmp(process.monitor));
  try {
    await vm.begin();
    vm.show(folder);
    return vm;
  } catch (error) {
    await vm.kill();
    const messages = await readFile(messagesFile, 'utf8');
    fail('VM_START', 'QEMU did not start', {
      detail: [messages, String(error), `command: ${argv.join(' ')}`].join('\n'),
    });
  }
}

export class Vm implements AsyncDisposable {
  readonly console: Console;
  readonly #options: VmOptions;
  readonly #process: QemuProcess;
  readonly #qmp: Qmp;
  /** Rejects when the machine ends or panics; every wait listens to it. */
  readonly #trouble: Promise<never>;
  #forwards: ReadonlyMap<number, number> = new Map();
  #resets = 0;
  #ended = false;
  #showing: Showing | undefined;

  /** Use `startVm`. */
  constructor(options: VmOptions, process: QemuProcess, qmp: Qmp) {
    this.#options = options;
    this.#process = process;
    this.#qmp = qmp;
    this.console = new Console(process.console);
    this.#trouble = this.#watch();
  }

  /** Negotiates with the monitor, reads the forwarded ports, and lets the processor run. */
  async begin(): Promise<void> {
    await within(START_MS, this.#trouble, async () => {
      await this.#qmp.execute('qmp_capabilities');
      this.#forwards = parseForwards(await this.#qmp.human('info usernet'));
      await this.#qmp.execute('cont');
    });
  }

  /** Tells whoever follows the build what the machine shows, until it ends. `folder` takes pictures. */
  show(folder: string): void {
    this.#showing = Showing.of(this, folder, this.#options.tell);
  }

  /** Process id of QEMU, or of what became QEMU. */
  get pid(): number | undefined {
    return this.#process.child.pid;
  }

  /** How often the guest has reset the machine. */
  get resets(): number {
    return this.#resets;
  }

  /** The host's port (on 127.0.0.1) that leads to a port of the guest. */
  port(guestPort: number): number {
    return this.#forwards.get(guestPort) ?? fail('VM_PORT', `port ${guestPort} of the guest is not forwarded`);
  }

  /** Waits for the first of several texts; each wait goes on where the last one ended. */
  waitForConsole<Name extends string>(
    patterns: Readonly<Record<Name, Pattern>>,
    ms: number,
  ): Promise<ConsoleMatch<Name>> {
    const wanted = Object.values<Pattern>(patterns).join(' or ');
    return this.within(`the console to show ${wanted}`, ms, (signal) => this.console.waitFor(patterns, signal));
  }

  /** Waits for one text. */
  waitForConsoleText(pattern: Pattern, ms: number): Promise<ConsoleMatch> {
    return this.waitForConsole({ text: pattern }, ms);
  }

  /** Waits until a page of the guest answers as `accept` wants it (status 200 by default). */
  waitForHttp(
    guestPort: number,
    path: string,
    ms: number,
    accept: (answer: HttpAnswer) => boolean = ({ status }) => status === 200,
  ): Promise<HttpAnswer> {
    return this.waitUntil(`port ${guestPort} to answer ${path}`, ms, async (signal) => {
      const answer = await this.get(guestPort, path, signal);
      return answer && accept(answer) ? answer : undefined;
    });
  }

  /** One GET of a page of the guest; undefined where it does not answer. */
  get(guestPort: number, path: string, signal: AbortSignal): Promise<HttpAnswer | undefined> {
    return httpGet(this.port(guestPort), path, signal);
  }

  /** Waits until the guest has reset the machine more than `after` times. */
  async waitForReset(ms: number, after = this.#resets): Promise<void> {
    await this.waitUntil('the guest to reset', ms, async () => this.#resets > after || undefined);
  }

  /** Tries again and again until `attempt` gives something. */
  waitUntil<T>(what: string, ms: number, attempt: (signal: AbortSignal) => Promise<T | undefined>): Promise<T> {
    return this.within(what, ms, async (signal) => {
      for (;;) {
        const result = await attempt(signal);
        if (result !== undefined) return result;
        await pause(POLL_MS, signal);
      }
    });
  }

  /**
   * Runs work that fails when the time is over (VM_TIMEOUT), the machine ends (VM_EXITED) or panics (VM_PANIC). A
   * failure of the work's own that has no detail gets what there is to see of the machine.
   */
  async within<T>(what: string, ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await within(ms, this.#trouble, work);
    } catch (error) {
      const known = this.#explain(error, what, ms);
      if (!known) throw error;
      throw new Failure({ ...known, detail: known.detail ?? (await this.evidence()) });
    }
  }

  #explain(error: unknown, what: string, ms: number): Diagnostic | undefined {
    if (error instanceof DeadlineExceeded) return { code: 'VM_TIMEOUT', message: `waited ${ms / 1000} s for ${what}` };
    if (error instanceof Trouble) return { code: error.code, message: `${error.message} while waiting for ${what}` };
    return error instanceof Failure ? error.diagnostic : undefined;
  }

  /** What there is to see of the machine, for the detail of a failure: console, log, a last screenshot. */
  async evidence(): Promise<string> {
    const picture = join(dirname(this.#options.logFile), 'failure.png');
    const taken =
      !this.#ended &&
      (await this.screenshot(picture).then(
        () => true,
        () => false,
      ));
    const lines = [`the console's last lines:`, this.console.tail(), `console log: ${this.#options.logFile}`];
    return [...lines, ...(taken ? [`screenshot: ${picture}`] : [])].join('\n');
  }

  /** Writes what the screen shows to a PNG file. */
  async screenshot(file: string): Promise<void> {
    await within(FORCE_MS, this.#trouble, () => this.#qmp.execute('screendump', { filename: file, format: 'png' }));
  }

  /** Presses keys one after the other; names as QEMU has them, combined with `-`: `ret`, `ctrl-alt-delete`. */
  async sendKeys(...keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      if (!/^[a-z0-9_-]+$/.test(key)) fail('VM_KEY', `'${key}' is not the name of a key`);
      await this.#qmp.human(`sendkey ${key}`);
    }
  }

  /** Presses the power button and waits for the guest to switch off; after `ms` milliseconds ends it by force. */
  async powerDown(ms: number): Promise<PowerDown> {
    await this.#qmp.execute('system_powerdown').catch(() => {});
    if (await this.#exitsWithin(ms)) return 'clean';
    this.#qmp.execute('quit').catch(() => {});
    if (!(await this.#exitsWithin(FORCE_MS))) await this.kill();
    return 'forced';
  }

  /** Waits for QEMU to end. */
  async waitForExit(ms: number): Promise<Exit> {
    if (await this.#exitsWithin(ms)) return this.#process.exited;
    return fail('VM_TIMEOUT', `waited ${ms / 1000} s for the machine to switch off`, { detail: await this.evidence() });
  }

  /** Ends the machine at once, as a power cut does. */
  async kill(): Promise<void> {
    this.#process.child.kill('SIGKILL');
    await this.#process.exited.catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  async #exitsWithin(ms: number): Promise<boolean> {
    const { promise: late, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(resolve, ms, false);
    const exited = this.#process.exited.then(() => true);
    try {
      return await Promise.race([exited, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #watch(): Promise<never> {
    const { promise, reject } = Promise.withResolvers<never>();
    promise.catch(() => {});
    const panic = (what: string): void => reject(new Trouble('VM_PANIC', `the guest's kernel panicked (${what})`));
    this.#qmp.on('event', ({ event, data }) => {
      if (event === 'RESET' && data?.['guest'] === true) this.#resets++;
      if (event === 'GUEST_PANICKED') panic('pvpanic');
    });
    this.console.on('text', () => {
      const line = this.console.latest().match(PANIC)?.[0];
      if (line) panic(line);
    });
    this.#process.exited.then(
      ({ status, signal }) => {
        this.#ended = true;
        this.#showing?.[Symbol.dispose]();
        reject(new Trouble('VM_EXITED', `QEMU ended (${signal ?? `status ${status}`})`));
      },
      (error: unknown) => reject(error),
    );
    return promise;
  }
}

/** The machine ended or panicked. */
class Trouble extends Error {
  readonly code: Code;
  constructor(code: Code, message: string) {
    super(message);
    this.code = code;
  }
}
