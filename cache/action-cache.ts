/** The action cache: action key → what the action left behind. A result counts only while its blobs are there. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest } from '../src/model/digest.ts';
import { writeAtomically } from './files.ts';
import { decodeResult, encodeResult, type ResultData } from './reapi/messages.ts';
import type { Trees } from './tree.ts';
import { useRecord } from './uses.ts';

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
    const result = this.#read(key);
    if (!result) return undefined;
    for (const node of result.outputs.values()) if (!this.#trees.complete(node)) return undefined;
    return result;
  }

  put(key: Digest, result: ResultData): void {
    writeAtomically(this.#path(key), encodeResult(result));
  }

  remove(key: Digest): void {
    rmSync(this.#path(key), { force: true });
  }

  #read(key: Digest): ResultData | undefined {
    try {
      return decodeResult(readFileSync(this.#path(key)));
    } catch {
      return undefined;
    }
  }

  #path(key: Digest): string {
    return join(this.#root, entryPath(key));
  }
}

/** Where the result of an action lies, relative to the store. */
export function entryPath({ hash }: Digest): string {
  return join('ac.v1', hash.slice(0, 2), hash);
}
