/** What the keys of actions were made of, kept in the store by key: written when an action runs, read to explain. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Store } from '../../cache/store.ts';
import { writeInto } from '../../cache/files.ts';
import type { Declaration } from '../analysis/declaration.ts';
import type { Digest } from '../model/digest.ts';
import type { Part } from '../plan/parts.ts';

/** A key, taken apart. */
export interface KeptParts {
  readonly parts: readonly Part[];
  readonly declared: Declaration;
}

/**
 * Keeps what a key was made of. After a crash an explanation may be missing, or half of one, which is none; and a build
 * that cannot keep it is a build all the same.
 */
export function keepParts(store: Store, key: Digest, kept: KeptParts): void {
  try {
    writeInto(pathOf(store, key.hash), JSON.stringify(kept));
  } catch {
    // The disk is full, or the store is read-only: the action itself will say so where it matters.
  }
}

/** What was kept; undefined where nothing was, or it is gone. */
export function readParts(store: Store, keyHash: string): KeptParts | undefined {
  try {
    return JSON.parse(readFileSync(pathOf(store, keyHash), 'utf8')) as KeptParts;
  } catch {
    return undefined;
  }
}

function pathOf(store: Store, keyHash: string): string {
  return join(store.root, 'parts.v1', keyHash.slice(0, 2), `${keyHash}.json`);
}
