/** The action cache: action key → what the action left behind. A result counts only while its blobs are there. */
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { digest, type Digest } from '../src/model/digest.ts';
import { writeAtomically } from './files.ts';
import { noteRemoval } from './removals.ts';
import { decodeResult, encodeResult, type ResultData } from './reapi/messages.ts';
import type { Trees } from './tree.ts';
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

  /** To be called when all that the result names is durable. */
  put(key: Digest, result: ResultData): void {
    writeAtomically(this.#path(key), sealed(encodeResult(result)));
  }

  /**
   * Writes a result that is not found before it is published. It outlives this process, so that the next build can
   * publish what this one had finished.
   */
  stage(key: Digest, result: ResultData): Staged {
    const path = join(this.#root, 'incoming', `${processToken()}-${key.hash}-${key.size}${STAGED}`);
    writeAtomically(path, sealed(encodeResult(result)), false);
    return { path, key };
  }

  /** To be called when the staged result and all that it names are durable. */
  publish({ path, key }: Staged): void {
    const to = this.#path(key);
    mkdirSync(dirname(to), { recursive: true });
    renameSync(path, to);
  }

  /** What processes that were killed since the machine was started have staged. */
  left(): Staged[] {
    const folder = join(this.#root, 'incoming');
    return readdirSync(folder).flatMap((name) => {
      const [, hash, size] = /-([0-9a-f]{64})-(\d+)\.result$/.exec(name) ?? [];
      if (hash === undefined || livenessOf(name) !== 'dead') return [];
      return [{ path: join(folder, name), key: digest(hash, Number(size)) }];
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
export function entryPath({ hash }: Digest): string {
  return join('ac.v1', hash.slice(0, 2), hash);
}

/** The result in a file of the action cache; undefined where there is none, or where it is not whole. */
export function readResult(path: string): ResultData | undefined {
  const content = readSealed(path);
  try {
    return content && decodeResult(content);
  } catch {
    return undefined;
  }
}
