/** Results are found when all that they name is durable, and syncs are shared. */
import { mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { digestOf } from '../../cache/cas.ts';
import { Store } from '../../cache/store.ts';
import type { Digest } from '../model/digest.ts';
import { Commits, publishLeft } from './commits.ts';

let store: Store;
let syncs: (() => void)[];
let commits: Commits;
let ended: Digest[];

beforeEach(() => {
  store = new Store(mkdtempSync(join(tmpdir(), 'dsmb-commits-')));
  syncs = [];
  ended = [];
  commits = new Commits(store, () => new Promise((resolve) => syncs.push(resolve)));
});
afterEach(() => rmSync(store.root, { recursive: true }));

/** A result with more blobs than are synced one by one. */
function add(name: string): Digest {
  const key = digestOf(Buffer.from(name));
  const blobs = Array.from({ length: 70 }, (_, i) => store.cas.put(Buffer.from(`${name} ${i}`)));
  const outputs = new Map([['out/file', { type: 'file', digest: blobs[0]!, executable: false } as const]]);
  const result = { outputs, log: undefined, startedAt: 0, durationMs: 0, worker: '' };
  commits.add(key, result, () => ended.push(key));
  return key;
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 10));

it('a result is there after the sync, not before', async () => {
  const key = add('a');
  await turn();
  expect(store.actions.get(key)).toBeUndefined();
  expect(ended).toEqual([]);
  syncs[0]!();
  await commits.finish();
  expect(store.actions.get(key)).toBeDefined();
  expect(ended).toEqual([key]);
});

it('all that come during a sync share the next one', async () => {
  const first = add('first');
  await turn();
  const others = ['b', 'c', 'd', 'e'].map(add);
  syncs[0]!();
  await turn();
  expect(syncs).toHaveLength(2);
  syncs[1]!();
  await commits.finish();
  expect(ended).toEqual([first, ...others]);
});

it('what a killed builder had finished is published by the next one, after a sync', async () => {
  const key = add('a');
  await turn();
  // As if the process that it is named after were gone.
  const incoming = store.folder('incoming');
  const name = readdirSync(incoming).find((one) => one.endsWith('.result')) ?? '';
  renameSync(join(incoming, name), join(incoming, name.replace(/^(\d+)-\d+-/, '$1-1-')));
  // Whatever command sweeps in between.
  store.sweep();
  let synced = 0;
  const syncAll = async (): Promise<void> => void synced++;
  await publishLeft(store, syncAll);
  expect([synced, store.actions.get(key)?.outputs.size]).toEqual([1, 1]);
  await publishLeft(store, syncAll);
  expect(synced).toBe(1);
});

it('a sync that fails keeps results out, frees who waits for them, and is told once', async () => {
  commits = new Commits(store, () => Promise.reject(new Error('EIO')));
  const key = add('a');
  await expect(commits.finish()).rejects.toThrow('EIO');
  expect(store.actions.get(key)).toBeUndefined();
  expect(ended).toEqual([key]);
  await commits.finish();
});
