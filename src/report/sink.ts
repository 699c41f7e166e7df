/** Text on its way into an open file, a pipe, a device or standard output; written in the background. */
import { createWriteStream, fstatSync } from 'node:fs';
import { Socket } from 'node:net';
import { finished, type Writable } from 'node:stream';
import { systemReason } from '../model/system-reason.ts';

export const STANDARD_OUTPUT = 1;
export const STANDARD_ERROR = 2;
/** How long a reader may take for what is left at the end. */
const CLOSE_DEADLINE_MS = 10_000;
/** A reader that lags behind by more is given up. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;

/** Why not all was written. */
export interface SinkProblem {
  readonly reason: string;
  /** The reader has closed its end: it wants no more. */
  readonly readerLeft: boolean;
}

export class Sink {
  readonly #stream: Writable;
  #problem: SinkProblem | undefined;

  /** Takes over the open file. */
  constructor(file: number) {
    this.#stream = streamTo(file);
    this.#stream.on('error', (error: NodeJS.ErrnoException) =>
      this.#give(systemReason(error), ['EPIPE', 'ECONNRESET'].includes(error.code ?? '')),
    );
  }

  write(text: string): void {
    if (this.#problem) return;
    this.#stream.write(text);
    if (this.#stream.writableLength > MAX_WAITING_BYTES) this.#give('the reader is too slow');
  }

  /** Waits until all is written. */
  async close(): Promise<SinkProblem | undefined> {
    if (!this.#problem) await this.#end();
    this.#stream.destroy();
    return this.#problem;
  }

  #give(reason: string, readerLeft = false): void {
    this.#problem ??= { reason, readerLeft };
  }

  async #end(): Promise<void> {
    const ended = Promise.withResolvers<void>();
    finished(this.#stream.end(), { readable: false }, () => ended.resolve());
    const deadline = setTimeout(() => {
      this.#give('the reader takes no more');
      ended.resolve();
    }, CLOSE_DEADLINE_MS);
    await ended.promise;
    clearTimeout(deadline);
  }
}

/** Pipes must not block: a reader may be slow. */
function streamTo(file: number): Writable {
  const stats = fstatSync(file);
  return stats.isFIFO() || stats.isSocket()
    ? new Socket({ fd: file, readable: false, writable: true })
    : createWriteStream('', { fd: file, autoClose: file > STANDARD_ERROR });
}
