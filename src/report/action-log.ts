/** Where the output of an action that ran is kept, and what of it is for people to read. */
import { join } from 'node:path';
import type { Store } from '../../cache/store.ts';
import { parseDigest, type Digest } from '../model/digest.ts';
import type { RecordedAction } from './history/record.ts';

/** Of one that failed: with the other evidence. `key` is that of the action, `hash/size`. */
export function failureLog(store: Store, key: string): string {
  return join(store.root, 'logs', key.slice(0, 16), 'log');
}

/** Of one that went well: a blob of its result. `log` is its digest, `hash/size`. */
export function successLog(store: Store, log: string): string {
  return store.cas.path(parseDigest(log));
}

/** Of a recorded action that went well, wherever it ran: the digest of its log; undefined where there is none. */
export function logDigest(store: Store, { key, log, taken }: RecordedAction): Digest | undefined {
  const digest = log ?? taken?.log;
  if (digest !== undefined) return parseDigest(digest);
  return key === null ? undefined : store.actions.get(parseDigest(key))?.log;
}

/** A worker keeps what a step tells the engine in its log, a line each: nobody wants to read that. */
export function withoutRecords(text: string): string {
  return text.replaceAll(/^\x1e\{.*\}\n/gm, '');
}
