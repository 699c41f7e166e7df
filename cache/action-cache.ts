/** The action cache: action key → what the action left behind. A result counts only while its blobs are there. */
import { hash as hashBytes } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest } from '../src/model/digest.ts';
import { writeAtomically } from './files.ts';
import { noteRemoval } from './removals.ts';
import { decodeResult, encodeResult, type ResultData } from './reapi/messages.ts';
import type { Trees } from './tree.ts';
import { useRecord } from './uses.ts';

/** What takes longer to make again than to sync. */
const WORTH_A_SYNC_MS = 1000;

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
    const bytes = encodeResult(result);
    // A result that a crash of the machine cuts does not match its seal: only what took long is worth a sync.
    const durable = result.durationMs >= WORTH_A_SYNC_MS;
    writeAtomically(this.#path(key), Buffer.concat([sealOf(bytes), bytes]), durable);
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
  try {
    const file = readFileSync(path);
    const bytes = file.subarray(SEAL_BYTES);
    return sealOf(bytes).equals(file.subarray(0, SEAL_BYTES)) ? decodeResult(bytes) : undefined;
  } catch {
    return undefined;
  }
}

/** SHA-256 of the message, in front of it: a result that was cut or changed could still be read as another one. */
function sealOf(bytes: Uint8Array): Buffer {
  return hashBytes('sha256', bytes, 'buffer');
}

const SEAL_BYTES = 32;
