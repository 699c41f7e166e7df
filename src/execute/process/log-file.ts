/** The log of an action while it runs: a file that comes into being with its first byte, since most actions say nothing. */
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { writeAll } from '../../../cache/files.ts';

const MAX_BYTES = 64 * 1024 * 1024;

export class LogFile {
  readonly #path: string;
  #file: number | undefined;
  #bytes = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** What is beyond the bound is dropped. A full disk takes the log, and not the helper with all that it runs. */
  write(chunk: Uint8Array): void {
    if (this.#bytes >= MAX_BYTES || chunk.length === 0) return;
    this.#bytes += chunk.length;
    try {
      this.#file ??= openSync(this.#path, 'w', 0o644);
      writeAll(this.#file, chunk);
    } catch {
      // See above.
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

/** What an action has said; nothing where there is no log. */
export function readLog(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** The last bytes of it. */
export function readTail(path: string, bytes: number): string {
  try {
    const file = openSync(path, 'r');
    try {
      const { size } = fstatSync(file);
      const tail = Buffer.alloc(Math.min(bytes, size));
      return tail.subarray(0, readSync(file, tail, 0, tail.length, size - tail.length)).toString();
    } finally {
      closeSync(file);
    }
  } catch {
    return '';
  }
}
