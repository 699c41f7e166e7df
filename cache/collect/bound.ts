/** The bound of the store: its default, how it is set, and the collection at the end of a build when it is due. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../../src/model/diagnostic.ts';
import { writeUnlessReadOnly } from '../files.ts';
import type { Store } from '../store.ts';
import { collect, type Bound, type Collected, type CollectOptions } from './collect.ts';

const GIB = 2 ** 30;
const DAY_MS = 24 * 60 * 60 * 1000;

export const DEFAULT_BOUND: Bound = { maxSize: 60 * GIB, maxAge: 30 * DAY_MS };

const SIZE_UNITS: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: GIB, T: 2 ** 40 };
const AGE_UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 60 * 60_000, d: DAY_MS, w: 7 * DAY_MS };

/** `20GiB`, `500M`, `none`: bytes. */
export function parseSize(text: string, name: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*(?:([KMGT])(?:iB|B)?|B)?$/i.exec(text) ?? [];
  if (text === 'none') return Infinity;
  if (number === undefined)
    return fail('USAGE', `${name}: '${text}' is not a size`, { hint: `${name} 20GiB, or none` });
  return Number(number) * SIZE_UNITS[unit.toUpperCase()]!;
}

/** `30d`, `12h`, `0d`, `none`: milliseconds. */
export function parseAge(text: string, name: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([mhdw])$/.exec(text) ?? [];
  if (text === 'none') return Infinity;
  if (unit === undefined)
    return fail('USAGE', `${name}: '${text}' is not an age`, { hint: `${name} 30d, 12h, or none` });
  return Number(number) * AGE_UNITS[unit]!;
}

/** The bound that holds without options: `DSMB_MAX_SIZE` and `DSMB_MAX_AGE`, or the default. */
export function boundOf(env: NodeJS.ProcessEnv = process.env): Bound {
  const { DSMB_MAX_SIZE: size, DSMB_MAX_AGE: age } = env;
  return {
    maxSize: size ? parseSize(size, 'DSMB_MAX_SIZE') : DEFAULT_BOUND.maxSize,
    maxAge: age ? parseAge(age, 'DSMB_MAX_AGE') : DEFAULT_BOUND.maxAge,
  };
}

/** When the store was last collected, what it kept then, and what builds have added since. */
interface State {
  readonly at: number;
  readonly kept: number;
  readonly added: number;
}

/** Where roots alone are larger than the bound, a collection is worth its time only after some growth. */
const WORTH_SHARE = 1 / 20;

/** Collects, and remembers that it did. */
export async function collectNow(store: Store, options: CollectOptions): Promise<Collected | undefined> {
  const collected = await collect(store, options);
  if (collected && !collected.dryRun) remember(store, { at: Date.now(), kept: collected.keptBytes, added: 0 });
  return collected;
}

/**
 * At the end of a build: collects when the store has outgrown its bound, or once a day. Between, it costs one small
 * file, and nothing at all when the build stored nothing.
 */
export async function collectIfDue(store: Store, bound: Bound): Promise<Collected | undefined> {
  const state = recall(store) ?? { at: 0, kept: 0, added: 0 };
  const added = state.added + store.cas.published;
  if (isDue(state, added, bound)) return collectNow(store, bound);
  if (store.cas.published > 0) remember(store, { ...state, added });
  return undefined;
}

function isDue({ at, kept }: State, added: number, { maxSize }: Bound): boolean {
  const age = Date.now() - at;
  // A clock that was set back makes a collection due, too.
  if (age > DAY_MS || age < 0) return true;
  return kept + added > maxSize && (kept <= maxSize || added > maxSize * WORTH_SHARE);
}

function remember(store: Store, state: State): void {
  writeUnlessReadOnly(fileOf(store), JSON.stringify(state), false);
}

function recall(store: Store): State | undefined {
  try {
    return JSON.parse(readFileSync(fileOf(store), 'utf8')) as State;
  } catch {
    return undefined;
  }
}

function fileOf(store: Store): string {
  return join(store.root, 'collection.v1.json');
}
