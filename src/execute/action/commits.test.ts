/** Results are found when all that they name is durable, and syncs are shared. */
import { mkdtempSync, readdirSync, renameSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { digestOf } from '../../../cache/cas.ts';
import { Store } from '../../../cache/store.ts';
import type { Digest } from '../../model/digest.ts';
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
  commits.add({ key, madeOf: () => new Map() }, result, () => ended.push(key));
  return key;
}

/** Waits until so many syncs were asked for. */
async function asked(count: number): Promise<void> {
  while (syncs.length < count) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Renames what is staged as if the process that it is named after were gone; gives the paths. */
function killed(): string[] {
  const incoming = store.folder('incoming');
  return readdirSync(incoming).map((name) => {
    const path = join(incoming, name.replace(/^(\d+)-\d+-/, '$1-1-'));
    renameSync(join(incoming, name), path);
    return path;
  });
}

it('a result is there after the sync, not before', async () => {
  const key = add('a');
  await asked(1);
  expect(store.actions.get(key)).toBeUndefined();
  expect(ended).toEqual([]);
  syncs[0]!();
  await commits.finish();
  expect(store.actions.get(key)).toBeDefined();
  expect(ended).toEqual([key]);
});

it('all that come during a sync share the next one', async () => {
  const first = add('first');
  await asked(1);
  const others = ['b', 'c', 'd', 'e'].map(add);
  syncs[0]!();
  await asked(2);
  syncs[1]!();
  await commits.finish();
  expect(ended).toEqual([first, ...others]);
  expect(syncs).toHaveLength(2);
});

it('all that come soon after each other share a sync, and the end of a build waits for no more', async () => {
  const keys = ['a', 'b', 'c'].map(add);
  const finished = commits.finish();
  await asked(1);
  syncs[0]!();
  await finished;
  expect([ended, syncs.length]).toEqual([keys, 1]);
});

it('what a killed builder had finished is published by the next one, after a sync', async () => {
  const key = add('a');
  killed();
  // Whatever command sweeps in between.
  await store.sweep();
  let synced = 0;
  const syncAll = async (): Promise<void> => void synced++;
  await publishLeft(store, syncAll);
  expect([synced, store.actions.get(key)?.outputs.size]).toEqual([1, 1]);
  await publishLeft(store, syncAll);
  expect(synced).toBe(1);
});

it('a result that a killed builder was just writing is none, and is swept', async () => {
  const key = add('a');
  const [path = ''] = killed();
  truncateSync(path, statSync(path).size - 1);
  await publishLeft(store, () => Promise.reject(new Error('nothing is to be synced')));
  await store.sweep();
  expect([store.actions.get(key), readdirSync(store.folder('incoming'))]).toEqual([undefined, []]);
});

it('a sync that fails keeps results out, frees who waits for them, and is told once', async () => {
  commits = new Commits(store, () => Promise.reject(new Error('EIO')));
  const key = add('a');
  await expect(commits.finish()).rejects.toThrow('EIO');
  expect(store.actions.get(key)).toBeUndefined();
  expect(ended).toEqual([key]);
  await commits.finish();
});
