/** Where the output of an action that ran is kept. */
import { join } from 'node:path';
import type { Store } from '../../cache/store.ts';
import { parseDigest } from '../model/digest.ts';

/** Of one that failed: with the other evidence. `key` is that of the action, `hash/size`. */
export function failureLog(store: Store, key: string): string {
  return join(store.root, 'logs', key.slice(0, 16), 'log');
}

/** Of one that went well: a blob of its result. `log` is its digest, `hash/size`. */
export function successLog(store: Store, log: string): string {
  return store.cas.path(parseDigest(log));
}
