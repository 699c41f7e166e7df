/** Garbage collection over random stores: what roots reach stays, what nobody needs goes, records stay whole. */
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { examples } from '../../test/rig/campaign.ts';
import { entryPath } from '../action-cache.ts';
import { captureBytes } from '../capture.ts';
import { digestOf } from '../cas.ts';
import type { Digest } from '../../src/model/digest.ts';
import { Store } from '../store.ts';
import type { Node } from '../tree.ts';
import { SEAL_TIME } from '../stamps.ts';
import { parseAge, parseSize } from './bound.ts';
import { collect } from './collect.ts';

const folder = mkdtempSync(join(tmpdir(), 'dsmb-collect-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let stores = 0;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A result whose output is a folder of these files. */
function addResult(
  store: Store,
  name: string,
  contents: readonly string[],
  ageDays: number,
): { key: Digest; output: Node } {
  const files = contents.map(
    (text, index) => [`d${index % 2}/f${index}`, captureBytes(store.cas, Buffer.from(text))] as const,
  );
  const output = store.trees.build(files);
  const key = digestOf(Buffer.from(name));
  store.actions.put(key, {
    outputs: new Map([['out/x', output]]),
    log: undefined,
    startedAt: 0,
    durationMs: 0,
    worker: '',
  });
  age(join(store.root, entryPath(key)), ageDays);
  return { key, output };
}

function age(path: string, days: number): void {
  const then = new Date(Date.now() - days * DAY_MS);
  utimesSync(path, then, then);
}

/** As if no build had looked at any blob for long. */
function forgetUses(store: Store): void {
  if (!existsSync(join(store.root, 'cas.v1'))) return;
  for (const entry of readdirSync(join(store.root, 'cas.v1'), { recursive: true, withFileTypes: true }))
    if (entry.isFile()) utimesSync(join(entry.parentPath, entry.name), new Date(0), SEAL_TIME);
}

function delivered(store: Store, label: string, keys: readonly Digest[], stamp: string): void {
  store.roots.deliver({ label, workspace: '/w', output: label, records: keys.map(entryPath), stamp, at: 0 });
}

const newStore = (): Store => new Store(join(folder, String(stores++)));
const text = fc.integer({ min: 0, max: 12 }).map((number) => `content ${number}`.repeat(200));
const result = fc.record({
  contents: fc.array(text, { minLength: 1, maxLength: 5 }),
  ageDays: fc.integer({ min: 0, max: 60 }),
  rooted: fc.boolean(),
});
const bound = fc.record({
  maxAge: fc.constantFrom(0, 10 * DAY_MS, Infinity),
  maxSize: fc.constantFrom(0, 30_000, 100_000, Infinity),
});

describe('a collection', () => {
  it('keeps what roots reach whole, and every record that it leaves', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(result, { maxLength: 8 }), bound, async (results, limits) => {
        const store = newStore();
        const stamp = join(store.root, 'stamp');
        writeFileSync(stamp, '');
        const made = results.map((one, index) => ({
          ...one,
          ...addResult(store, String(index), one.contents, one.ageDays),
        }));
        delivered(
          store,
          '//x',
          made.filter(({ rooted }) => rooted).map(({ key }) => key),
          stamp,
        );
        forgetUses(store);
        // What is used in the very millisecond in which a collection begins is spared.
        const collected = await collect(store, { ...limits, now: Date.now() + 1 });
        const reopened = new Store(store.root);
        for (const { key, rooted, output, ageDays } of made) {
          const there = existsSync(join(store.root, entryPath(key)));
          if (rooted) expect(there).toBe(true);
          if (there) expect(reopened.actions.get(key)?.outputs.get('out/x')).toEqual(output);
          if (!rooted && ageDays * DAY_MS > limits.maxAge) expect(there).toBe(false);
          if (limits.maxAge === Infinity && limits.maxSize === Infinity) expect(there).toBe(true);
        }
        if (collected && collected.keptBytes > limits.maxSize) expect(collected.keptBytes).toBe(collected.rootBytes);
        rmSync(store.root, { recursive: true });
      }),
      { numRuns: examples(60) },
    );
  });

  it('keeps what the action of a result was made of, with the result', async () => {
    const store = newStore();
    const [tree, file] = ['tree', 'file'].map((text) => captureBytes(store.cas, Buffer.from(text)));
    const base = store.trees.build([['bin/tool', tree!]]);
    const madeOf = new Map([['.', base] as const, ['in/a', file!] as const]);
    const key = digestOf(Buffer.from('key'));
    store.actions.put(key, { outputs: new Map(), log: undefined, startedAt: 0, durationMs: 0, worker: '' }, madeOf);
    forgetUses(store);
    await collect(store, { maxAge: DAY_MS, maxSize: Infinity });
    const there = (): boolean[] => [base, file!].map((node) => new Store(store.root).trees.complete(node));
    expect(there()).toEqual([true, true]);
    age(join(store.root, entryPath(key)), 2);
    forgetUses(store);
    await collect(store, { maxAge: DAY_MS, maxSize: Infinity });
    expect(there()).toEqual([false, false]);
  });

  it('takes blobs that nothing needs, and says so first', async () => {
    const store = newStore();
    const { key } = addResult(store, 'old', ['old'], 40);
    forgetUses(store);
    const wouldGo = await collect(store, { maxAge: 30 * DAY_MS, maxSize: Infinity, dryRun: true });
    expect(existsSync(join(store.root, entryPath(key)))).toBe(true);
    const gone = await collect(store, { maxAge: 30 * DAY_MS, maxSize: Infinity });
    expect({ ...gone, dryRun: true, keptBytes: 0 }).toEqual({ ...wouldGo, keptBytes: 0 });
    expect([gone?.removed['result']?.count, gone?.removed['blob']?.count]).toEqual([1, 3]);
    expect(existsSync(join(store.root, entryPath(key)))).toBe(false);
  });

  it('spares what a running build has looked at, however old it is', async () => {
    const store = newStore();
    const { key, output } = addResult(store, 'old', ['old'], 40);
    const loose = store.cas.put(Buffer.from('loose'));
    forgetUses(store);
    using _build = store.use();
    expect(store.actions.get(key)).toBeDefined();
    expect(store.cas.has(loose)).toBe(true);
    const { digest } = output as Node & { type: 'directory' };
    const collected = await collect(store, { maxAge: 0, maxSize: 0 });
    expect(collected?.runningBuilds).toBe(1);
    expect(new Store(store.root).trees.complete(output)).toBe(true);
    expect(store.cas.has(loose)).toBe(true);
    expect(store.cas.has(digest)).toBe(true);
  });

  it('forgets what is delivered no more, but not what the user keeps', async () => {
    const store = newStore();
    const stamp = join(store.root, 'stamp');
    writeFileSync(stamp, '');
    const one = addResult(store, 'one', ['one'], 40);
    const two = addResult(store, 'two', ['two'], 40);
    delivered(store, '//one', [one.key], stamp);
    delivered(store, '//two', [two.key], stamp);
    store.roots.keep(store.roots.last('/w', '//two')!, 0);
    rmSync(stamp);
    forgetUses(store);
    await collect(store, { maxAge: 0, maxSize: Infinity });
    expect(store.actions.get(one.key)).toBeUndefined();
    expect(store.actions.get(two.key)).toBeDefined();
    expect(store.roots.delivered()).toEqual([]);
    expect(store.roots.kept()).toHaveLength(1);
  });

  it('runs once at a time', async () => {
    const store = newStore();
    using held = await store.locks.tryTake('collection');
    expect(held).toBeDefined();
    expect(await collect(store, { maxAge: 0, maxSize: 0 })).toBeUndefined();
  });

  it('keeps the newest that fit', async () => {
    const store = newStore();
    const made = [1, 2, 3, 4].map((days) => addResult(store, `r${days}`, [`${days}`.repeat(40_000)], days));
    forgetUses(store);
    const collected = await collect(store, { maxAge: Infinity, maxSize: 120_000 });
    const left = made.map(({ key }) => existsSync(join(store.root, entryPath(key))));
    expect(left).toEqual([true, true, false, false]);
    expect(collected?.keptBytes).toBeLessThanOrEqual(120_000);
  });

  it('leaves the modification time of blobs alone: it is what tells that they were not written to', async () => {
    const store = newStore();
    const of = store.cas.put(Buffer.from('blob'));
    forgetUses(store);
    expect(store.cas.has(of)).toBe(true);
    const { mtimeMs, atimeMs } = statSync(store.cas.path(of));
    expect(mtimeMs).toBe(SEAL_TIME.getTime());
    expect(Date.now() - atimeMs).toBeLessThan(HOUR_MS);
  });
});

describe('a bound', () => {
  it.each([
    ['20GiB', 20 * 2 ** 30],
    ['1.5G', 1.5 * 2 ** 30],
    ['500M', 500 * 2 ** 20],
    ['7', 7],
    ['none', Infinity],
  ])('reads the size %s', (text, bytes) => expect(parseSize(text, '--max-size')).toBe(bytes));

  it.each([
    ['30d', 30 * DAY_MS],
    ['12h', 12 * HOUR_MS],
    ['0d', 0],
    ['none', Infinity],
  ])('reads the age %s', (text, ms) => expect(parseAge(text, '--max-age')).toBe(ms));

  it.each(['', 'much', '-1', '5 days', '1e9'])('refuses %j', (text) => {
    expect(() => parseSize(text, '--max-size')).toThrow(/is not a size/);
    expect(() => parseAge(text, '--max-age')).toThrow(/is not an age/);
  });
});
