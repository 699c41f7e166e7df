/** Takes blobs of a server into the store: each byte is hashed again. Durable when the store is synced. */
import { createHash, type Hash } from 'node:crypto';
import { closeSync, ftruncateSync, openSync, rmSync } from 'node:fs';
import type { Digest } from '../../src/model/digest.ts';
import { digestOf, type Cas } from '../cas.ts';
import { writeAll } from '../files.ts';
import type { Receiver, Taker } from './blobs.ts';

/** `onBlob` is told of each that was taken. */
export function takerInto(cas: Cas, onBlob: (of: Digest) => void): Taker {
  return {
    take: (of, bytes) => {
      cas.put(bytes);
      onBlob(of);
    },
    open: (of) => new FileReceiver(cas, of, onBlob),
  };
}

/** For messages, which are small. */
export function inMemory(found: Map<string, Uint8Array>): Taker {
  return {
    take: (of, bytes) => void found.set(of.hash, bytes),
    open: (of) => {
      let chunks: Uint8Array[] = [];
      return {
        write: (bytes) => void chunks.push(bytes),
        restart: () => void (chunks = []),
        finish: () => {
          const bytes = Buffer.concat(chunks);
          if (digestOf(bytes).hash !== of.hash) return false;
          found.set(of.hash, bytes);
          return true;
        },
        [Symbol.dispose]() {},
      };
    },
  };
}

class FileReceiver implements Receiver {
  readonly #cas: Cas;
  readonly #of: Digest;
  readonly #onBlob: (of: Digest) => void;
  readonly #path: string;
  readonly #file: number;
  #hash: Hash = createHash('sha256');
  #size = 0;
  #isTaken = false;

  constructor(cas: Cas, of: Digest, onBlob: (of: Digest) => void) {
    this.#cas = cas;
    this.#of = of;
    this.#onBlob = onBlob;
    this.#path = cas.incoming();
    this.#file = openSync(this.#path, 'wx');
  }

  write(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    writeAll(this.#file, bytes, this.#size);
    this.#size += bytes.length;
  }

  restart(): void {
    this.#hash = createHash('sha256');
    this.#size = 0;
    ftruncateSync(this.#file);
  }

  finish(): boolean {
    if (this.#size !== this.#of.size || this.#hash.digest('hex') !== this.#of.hash) return false;
    this.#cas.adoptUnsynced(this.#path, this.#of);
    this.#isTaken = true;
    this.#onBlob(this.#of);
    return true;
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
    if (!this.#isTaken) rmSync(this.#path, { force: true });
  }
}
