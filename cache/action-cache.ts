/** The action cache: action key → what the action left behind. A result counts only while its blobs are there. */
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { digest, type Digest } from '../src/model/digest.ts';
import { renameInto, writeAtomically } from './files.ts';
import { noteRemoval } from './removals.ts';
import { decodeMadeOf, decodeResult, encodeResult, type ResultData } from './reapi/messages.ts';
import type { Entries, Trees } from './tree.ts';
import { livenessOf, processToken } from './processes.ts';
import { readSealed, sealed } from './sealed.ts';
import { useRecord } from './uses.ts';

/** A result on its way into the action cache. */
export interface Staged {
  readonly path: string;
  readonly key: Digest;
}

const STAGED = '.result';

export class ActionCache {
  readonly #root: string;
  readonly #trees: Trees;

  constructor(root: string, trees: Trees) {
    this.#root = root;
    this.#trees = trees;
  }

  /** The result of the action, unless there is none or some of its output is gone: then it is a miss. */
  get(key: Digest): ResultData | undefined {
    if (!useRecord(this.#path(key))) return undefined;
    const result = readResult(this.#path(key));
    if (!result) return undefined;
    for (const node of result.outputs.values()) if (!this.#trees.complete(node)) return undefined;
    return result;
  }

  /** The result of the action, even if some of its output is gone; a look at it is no use of it. */
  look(key: Digest): ResultData | undefined {
    return readResult(this.#path(key));
  }

  /** To be called when all that the result names is durable. */
  put(key: Digest, result: ResultData, madeOf: Entries = new Map()): void {
    writeAtomically(this.#path(key), sealed(encodeResult(result, madeOf)));
  }

  /**
   * Writes a result that is not found before it is published. It outlives this process, so that the next build can
   * publish what this one had finished; should it be cut, its seal tells. Garbage collection keeps what it was made of.
   */
  stage(key: Digest, result: ResultData, madeOf: Entries): Staged {
    const path = join(this.#root, 'incoming', `${processToken()}-${key.hash}-${key.size}${STAGED}`);
    writeFileSync(path, sealed(encodeResult(result, madeOf)));
    return { path, key };
  }

  /** To be called when the staged result and all that it names are durable. */
  publish({ path, key }: Staged): void {
    renameInto(path, this.#path(key));
  }

  /** What processes that were killed since the machine was started have staged. */
  left(): Staged[] {
    const folder = join(this.#root, 'incoming');
    return readdirSync(folder).flatMap((name) => {
      const [, hash, size] = /-([0-9a-f]{64})-(\d+)\.result$/.exec(name) ?? [];
      if (hash === undefined || livenessOf(name) !== 'dead') return [];
      const path = join(folder, name);
      return readResult(path) ? [{ path, key: digest(hash, Number(size)) }] : [];
    });
  }

  remove(key: Digest): void {
    rmSync(this.#path(key), { force: true });
    noteRemoval(this.#root);
  }

  #path(key: Digest): string {
    return join(this.#root, entryPath(key));
  }
}

/** Where the result of an action lies, relative to the store. */
export function entryPath({ hash }: Pick<Digest, 'hash'>): string {
  return join('ac.v1', hash.slice(0, 2), hash);
}

/** Whether a path, relative to the store, is that of a result. */
export function isResult(path: string): boolean {
  return path.startsWith('ac.v1/');
}

/** The result in a file of the action cache; undefined where there is none, or where it is not whole. */
export function readResult(path: string): ResultData | undefined {
  return read(path, decodeResult);
}

/** What the action of the result in a file was made of. */
export function readMadeOf(path: string): Entries {
  return read(path, decodeMadeOf) ?? new Map();
}

function read<T>(path: string, decode: (bytes: Uint8Array) => T): T | undefined {
  const content = readSealed(path);
  try {
    return content && decode(content);
  } catch {
    return undefined;
  }
}
