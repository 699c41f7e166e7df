/** What every action cache keeps to: a result counts only while all that it names is there. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '../../cache/cas.ts';
import { captureBytes } from '../../cache/capture.ts';
import type { ResultData } from '../../cache/reapi/messages.ts';
import { Store } from '../../cache/store.ts';
import type { Node } from '../../cache/tree.ts';
import type { Digest } from '../../src/model/digest.ts';
import { cut } from '../rig/damage.ts';
import { describeResults } from './results.ts';
import { temporaryNames } from './temporary.ts';

const newName = temporaryNames();
const KEY = digestOf(Buffer.from('the encoded action'));

let store: Store;
let file: Node & { type: 'file' };
let deep: Node & { type: 'file' };
let tree: Node & { type: 'directory' };
let result: ResultData;

beforeEach(() => {
  store = new Store(newName());
  file = captureBytes(store.cas, Buffer.from('a file'), true) as typeof file;
  deep = captureBytes(store.cas, Buffer.from('deep in the folder')) as typeof deep;
  const link: Node = { type: 'symlink', target: 'deep' };
  tree = store.trees.build([
    ['a/b/deep', deep],
    ['a/link', link],
  ]) as typeof tree;
  const log = store.cas.put(Buffer.from('the log'));
  const outputs = new Map<string, Node>([
    ['out/file', file],
    ['out/tree', tree],
  ]);
  result = { outputs, log, startedAt: 1_700_000_000_123, durationMs: 4567, worker: 'somewhere (tcg)' };
});

/** As another process sees the store. */
const reopened = (): Store => new Store(store.root);

const pathOf = (key: Digest): string => join(store.root, 'ac.v1', key.hash.slice(0, 2), key.hash);

describe('an action cache', () => {
  describeResults(() =>
    Promise.resolve({
      store,
      actionOf: (name) => ({ name, key: digestOf(Buffer.from(name)) }),
      put: ({ key }, one) => Promise.resolve(store.actions.put(key, one)),
      get: ({ key }) => {
        const other = reopened();
        const found = other.actions.get(key);
        return Promise.resolve(found && { store: other, result: found });
      },
      lose: (of) => Promise.resolve(store.cas.remove(of)),
    }),
  );
});

describe('a result', () => {
  it('may be replaced and removed', () => {
    store.actions.put(KEY, result);
    store.actions.put(KEY, { ...result, worker: 'elsewhere' });
    expect(store.actions.get(KEY)?.worker).toBe('elsewhere');
    store.actions.remove(KEY);
    expect(store.actions.get(KEY)).toBeUndefined();
    store.actions.remove(KEY);
  });

  it('leaves no temporary file', () => {
    store.actions.put(KEY, result);
    expect(readdirSync(join(pathOf(KEY), '..'))).toEqual([KEY.hash]);
  });
});

describe('a result is a miss', () => {
  it.each<[string, () => Digest]>([
    ['an output file', () => file.digest],
    ['the folder of an output', () => tree.digest],
    ['a folder in an output', () => (store.trees.lookup(tree, 'a') as typeof tree).digest],
    ['a file deep in an output', () => deep.digest],
  ])('without %s', (_what, lost) => {
    store.actions.put(KEY, result);
    store.cas.remove(lost());
    expect(reopened().actions.get(KEY)).toBeUndefined();
  });

  it('when a blob that it names is broken', () => {
    store.actions.put(KEY, result);
    cut(store.cas.path(deep.digest), 3);
    expect(reopened().actions.get(KEY)).toBeUndefined();
  });

  it('when it is not a result at all', () => {
    store.actions.put(KEY, result);
    for (const alien of ['no result', '\0\0\0\0', '<html>'.repeat(100)]) {
      writeFileSync(pathOf(KEY), alien);
      expect(store.actions.get(KEY)).toBeUndefined();
    }
  });

  it('when it was cut off anywhere', () => {
    store.actions.put(KEY, result);
    const whole = readFileSync(pathOf(KEY));
    for (let length = 0; length < whole.length; length++) {
      writeFileSync(pathOf(KEY), whole.subarray(0, length));
      expect(store.actions.get(KEY)).toBeUndefined();
    }
  });

  it('when any bit of it has changed', () => {
    store.actions.put(KEY, result);
    const whole = readFileSync(pathOf(KEY));
    for (let index = 0; index < whole.length; index++) {
      const changed = Buffer.from(whole);
      changed[index]! ^= 1 << (index % 8);
      writeFileSync(pathOf(KEY), changed);
      expect(store.actions.get(KEY)).toBeUndefined();
    }
  });

  it('but not without its log: that is for people', () => {
    store.actions.put(KEY, result);
    store.cas.remove(result.log!);
    expect(reopened().actions.get(KEY)).toEqual(result);
  });
});
