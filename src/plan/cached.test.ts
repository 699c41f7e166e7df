import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Store } from '../../cache/store.ts';
import type { Node } from '../../cache/tree.ts';
import { ArtifactReference, type ActionNode } from '../analysis/action.ts';
import { kind } from '../model/kind.ts';
import type { Label } from '../model/label.ts';
import { cachedNode, type StoredToolchains } from './cached.ts';
import { textNode } from './content.ts';
import { planAction } from './key.ts';

const Text = kind('Text', 'file');
const NO_TOOLCHAINS: StoredToolchains = {
  packages: () => Promise.reject(new Error('not in the store')),
  of: () => Promise.resolve([]),
};

function newStore(): Store & Disposable {
  const root = join(tmpdir(), `dsmb-cached-${process.pid}-${Math.random().toString(36).slice(2)}`);
  return Object.assign(new Store(root), { [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) });
}

/** An action that copies its input, or has none. */
function action(name: string, argument: string, input?: ArtifactReference): ActionNode {
  return {
    label: `//${name}` as Label,
    mnemonic: 'Test',
    work: { type: 'run', argv: ['make', argument], env: {} },
    inputs: new Map(input ? [['input', input]] : []),
    toolchains: [],
    outputs: { output: { name, kind: Text } },
    needs: {},
    timeoutMs: 1000,
  } as unknown as ActionNode;
}

function outputOf(node: ActionNode): ArtifactReference {
  return new ArtifactReference(Text, { type: 'action', action: node, output: 'output' });
}

/** Puts a result for an action into the store, as if it had run. */
function finish(store: Store, node: ActionNode, inputs: ReadonlyMap<string, Node>, text: string): Node {
  const { key } = planAction(store, node, { inputs, toolchains: [] });
  const output = textNode(store, text);
  const [{ name } = { name: '' }] = Object.values(node.outputs);
  store.actions.put(key, {
    outputs: new Map([[`out/${name}`, output]]),
    log: undefined,
    startedAt: 0,
    durationMs: 0,
    worker: 'test',
  });
  return output;
}

test('a target is found when everything that it is made of has a result', async () => {
  using store = newStore();
  const first = action('first', '1');
  const second = action('second', '2', outputOf(first));
  const find = () => cachedNode(store, outputOf(second), NO_TOOLCHAINS);
  expect(await find()).toBeUndefined();
  const made = finish(store, first, new Map(), 'one');
  expect(await find()).toBeUndefined();
  const last = finish(store, second, new Map([['input', made]]), 'two');
  expect(await find()).toEqual(last);
  expect(await cachedNode(store, outputOf(action('first', 'other')), NO_TOOLCHAINS)).toBeUndefined();
});

test('a result whose blob is gone is none', async () => {
  using store = newStore();
  const first = action('first', '1');
  const made = finish(store, first, new Map(), 'one');
  if (made.type === 'file') store.cas.remove(made.digest);
  expect(await cachedNode(store, outputOf(first), NO_TOOLCHAINS)).toBeUndefined();
});

test('packages that were never fetched mean "not built"; a source that is not there is an error', async () => {
  using store = newStore();
  const debian = new ArtifactReference(Text, { type: 'debian', packages: ['make'], closure: true });
  expect(await cachedNode(store, outputOf(action('x', '1', debian)), NO_TOOLCHAINS)).toBeUndefined();
  const source = new ArtifactReference(Text, { type: 'source', path: '/nowhere/at/all', written: 'all' });
  await expect(cachedNode(store, outputOf(action('x', '1', source)), NO_TOOLCHAINS)).rejects.toThrow(
    /no file or folder/,
  );
});
