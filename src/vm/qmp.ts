/** QEMU's machine protocol (QMP): JSON lines over a stream, with replies in order and events in between. */
import { EventEmitter } from 'node:events';
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { Failure } from '../model/diagnostic.ts';

/** An event of the machine, for example `RESET` or `SHUTDOWN`. */
export interface QmpEvent {
  readonly event: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

interface QmpReply {
  readonly return?: unknown;
  readonly error?: { readonly class: string; readonly desc: string };
  readonly event?: string;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly id?: number;
}

interface Waiting {
  readonly command: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** A connection to a running QEMU. Emits `event` with a `QmpEvent`. */
export class Qmp extends EventEmitter<{ event: [QmpEvent] }> {
  readonly #stream: Duplex;
  readonly #waiting = new Map<number, Waiting>();
  #next = 1;
  #closed = false;

  constructor(stream: Duplex) {
    super();
    this.#stream = stream;
    // A dying QEMU resets the connection: its exit status tells more than the error does.
    stream.on('error', () => {});
    stream.on('close', () => this.#close());
    createInterface({ input: stream })
      .on('line', (line) => this.#receive(line))
      .on('error', () => {});
  }

  /** Sends a command and gives what it returns. */
  async execute(command: string, args: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    if (this.#closed) throw refusal(command, 'the monitor is closed');
    const id = this.#next++;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, { command, resolve, reject });
    this.#stream.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
    return promise;
  }

  /** Runs a command of the human monitor, for what QMP does not have. */
  async human(commandLine: string): Promise<string> {
    return String(await this.execute('human-monitor-command', { 'command-line': commandLine }));
  }

  #receive(line: string): void {
    const message = parse(line);
    if (!message) return;
    if (message.event !== undefined) {
      this.emit('event', { event: message.event, ...(message.data ? { data: message.data } : {}) });
      return;
    }
    const waiting = message.id === undefined ? undefined : this.#waiting.get(message.id);
    if (!waiting || message.id === undefined) return;
    this.#waiting.delete(message.id);
    if (message.error) waiting.reject(refusal(waiting.command, message.error.desc));
    else waiting.resolve(message.return);
  }

  #close(): void {
    this.#closed = true;
    for (const { command, reject } of this.#waiting.values()) reject(refusal(command, 'the monitor is closed'));
    this.#waiting.clear();
  }
}

function parse(line: string): QmpReply | undefined {
  try {
    return JSON.parse(line) as QmpReply;
  } catch {
    return undefined;
  }
}

function refusal(command: string, reason: string): Failure {
  return new Failure({ code: 'VM_MONITOR', message: `QEMU refused '${command}': ${reason}` });
}
