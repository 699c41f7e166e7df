/** Every event of a build as a line of JSON, for programs that follow it: into a file, a pipe, or standard output. */
import { constants, createWriteStream, fstatSync, openSync, statSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fail } from '../model/diagnostic.ts';
import type { BuildEvent } from '../model/event.ts';

/** The version of what the lines hold: raised when a field changes its meaning or goes, not when one is added. */
const SCHEMA = 1;
const STANDARD_OUTPUT = 1;
/** How long a named pipe may wait for its reader. */
const READER_DEADLINE_MS = 10_000;
const READER_POLL_MS = 20;
/** How long a reader may take for what is left at the end. */
const CLOSE_DEADLINE_MS = 10_000;
/** A reader that lags behind by more is given up. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;

export class EventsFile {
  readonly #path: string;
  readonly #sink: Writable;
  #problem: string | undefined;

  private constructor(path: string, sink: Writable) {
    this.#path = path;
    this.#sink = sink;
    sink.on('error', (error) => (this.#problem ??= error.message));
  }

  /** Opens a file anew, or a named pipe once somebody reads it; `-` is standard output. */
  static async open(path: string): Promise<EventsFile> {
    const file = path === '-' ? STANDARD_OUTPUT : await openForWriting(path);
    return new EventsFile(path, sinkOf(file));
  }

  /** A reader that goes away, or a full disk, ends the events and not the build. */
  readonly listen = (event: BuildEvent): void => {
    if (this.#problem !== undefined) return;
    const time = performance.timeOrigin + performance.now();
    const schema = event.type === 'build-started' ? { schema: SCHEMA } : {};
    this.#sink.write(`${JSON.stringify({ time, ...event, ...schema }, rounded)}\n`);
    if (this.#sink.writableLength > MAX_WAITING_BYTES) this.#problem = 'the reader is too slow';
  };

  /** Waits until all is written. Gives a warning when it is not. */
  async close(): Promise<string | undefined> {
    if (this.#problem === undefined) await this.#end();
    this.#sink.destroy();
    return this.#problem && `events are missing at the end of ${this.#path}: ${this.#problem}`;
  }

  async #end(): Promise<void> {
    const ended = Promise.withResolvers<void>();
    this.#sink.once('close', ended.resolve).end();
    const deadline = setTimeout(() => {
      this.#problem ??= 'the reader takes no more';
      ended.resolve();
    }, CLOSE_DEADLINE_MS);
    await ended.promise;
    clearTimeout(deadline);
  }
}

/** Times to the microsecond: more was not measured. */
function rounded(_name: string, value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * 1000) / 1000 : value;
}

/** Pipes must not block: a reader may be slow. Everything else is written in the background. */
function sinkOf(file: number): Writable {
  const stats = fstatSync(file);
  return stats.isFIFO() || stats.isSocket()
    ? new Socket({ fd: file, readable: false, writable: true })
    : createWriteStream('', { fd: file, autoClose: file !== STANDARD_OUTPUT });
}

async function openForWriting(path: string): Promise<number> {
  const isPipe = statSync(path, { throwIfNoEntry: false })?.isFIFO() === true;
  if (!isPipe) return openSync(path, 'w');
  const deadline = Date.now() + READER_DEADLINE_MS;
  for (;;) {
    const file = openPipe(path);
    if (file !== undefined) return file;
    if (Date.now() > deadline)
      fail('NO_READER', `nobody reads ${path}`, { hint: `start the reader first: cat ${path} &` });
    await sleep(READER_POLL_MS);
  }
}

/** Undefined while nobody has the pipe open for reading. */
function openPipe(path: string): number | undefined {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENXIO') return undefined;
    throw error;
  }
}
