/**
 * The golden table of keys. A difference here means that every store and every remote cache in the world starts again
 * from nothing: change a digest only together with the reason, in the commit that changes the format.
 */
import fc from 'fast-check';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { captureBytes } from '../../cache/capture.ts';
import { Store } from '../../cache/store.ts';
import type { Node } from '../../cache/tree.ts';
import type { ActionNode } from '../analysis/action.ts';
import { formatDigest } from '../model/digest.ts';
import { File, Tree } from '../model/kinds.ts';
import { parseLabel } from '../model/label.ts';
import { baseOf, canonicalJson, planAction, type ActionContent } from './key.ts';

const folder = mkdtempSync(join(tmpdir(), 'dsmb-keys-'));
const store = new Store(folder);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (text: string, executable = false): Node => captureBytes(store.cas, Buffer.from(text), executable);
const toolchain = store.trees.build([
  ['usr/bin/tool', file('#!/bin/sh\n', true)],
  ['bin', { type: 'symlink', target: 'usr/bin' }],
]);
const tree = store.trees.build([
  ['deep/file', file('in a folder')],
  ['empty', store.trees.store(new Map())],
]);

const base: Omit<ActionNode, 'work'> = {
  label: parseLabel('//golden'),
  mnemonic: 'Golden',
  ordinal: 0,
  call: { rule: 'golden', attributes: [], sources: [], lists: [] },
  inputs: new Map(),
  toolchains: [],
  outputs: { out: { name: 'out.txt', kind: File } },
  needs: {},
  reproducible: true,
  timeoutMs: 600_000,
};
const write: ActionNode = { ...base, work: { type: 'write', content: 'content\n' } };
const run: ActionNode = { ...base, work: { type: 'run', argv: ['tool', '/in/a'], env: { B: '2', A: '1' } } };
const stepAction: ActionNode = {
  ...base,
  work: {
    type: 'step',
    module: new URL('file:///x.step.ts'),
    args: { b: [1, { d: null, c: true }], a: 'ä' },
    hints: {},
  },
};
const nothing: ActionContent = { inputs: new Map(), toolchains: [] };
const inputs = new Map([
  ['a', file('first')],
  ['b', tree],
]);
const bundle = file('export default 1;\n');

const keyOf = (node: ActionNode, content: ActionContent = nothing, salt?: string): string =>
  formatDigest(planAction(store, node, content, salt).key);

const RECIPES: readonly (readonly [recipe: string, key: () => string, golden: string])[] = [
  ['write', () => keyOf(write), '0534d33dc4f331bc1847de2a4e040027cfc181219caf05d75ad7e1eb946016a8/207'],
  [
    'write, other content',
    () => keyOf({ ...write, work: { type: 'write', content: 'other\n' } }),
    '90d944b0253a20b2006114a800e448a24d25a1e457ce1416ff01950f71bef59b/207',
  ],
  ['run', () => keyOf(run), '6c127f7a9b4996516aec31c4867da7aeb23621962e80752bbc4e9020dbfd1da1/208'],
  [
    'run, toolchain',
    () => keyOf(run, { ...nothing, toolchains: [toolchain] }),
    'ed450d0f8637cba3726c82ca59f129a7569dcf07f380355f6851a99f4cf7fc60/208',
  ],
  [
    'run, toolchain, file and folder',
    () => keyOf(run, { inputs, toolchains: [toolchain] }),
    'a9fded401976b25100371d5f7700674c8d6cf548f58161b3090fcc79fd7f4ad9/208',
  ],
  [
    'run, timeout of 1.5 s',
    () => keyOf({ ...run, timeoutMs: 1500 }),
    '083a2a918d3cf9318854fe10d682096b707e986b4d217d9e9fb7c1a4980859e1/213',
  ],
  [
    'run, salt',
    () => keyOf(run, nothing, 'pepper'),
    '7ba62ce096350fa86874a2c6061cbf2d94a713e7e456a4785e0d77113d89ac72/216',
  ],
  [
    'run, folder output',
    () => keyOf({ ...run, outputs: { out: { name: 'out', kind: Tree } } }),
    'a7427e6f634915abeeaa08d15c2b5dda24cdffa9ff36786eff752edcaa79bcb8/208',
  ],
  [
    'step',
    () => keyOf(stepAction, { ...nothing, bundle }),
    'f0b8a4eb401f471c585fa923b3f34c74092b71c275536bb6d91af8ad6ed10abe/208',
  ],
  [
    'step, toolchain, file and folder',
    () => keyOf(stepAction, { inputs, toolchains: [toolchain], bundle }),
    'e3df55ddaf7176daba159e35f3a406161c1584a18b9f25e3ad675bbc3c147c19/208',
  ],
];

describe('the key of', () => {
  it.each(RECIPES)('%s', (_recipe, key, golden) => expect(key()).toBe(golden));

  it('no two recipes is the same', () => {
    expect(new Set(RECIPES.map(([, , golden]) => golden)).size).toBe(RECIPES.length);
  });
});

describe('the key does not depend on', () => {
  const content: ActionContent = { inputs, toolchains: [toolchain], bundle };

  it('the order of variables, inputs, arguments of a step, or toolchains', () => {
    const other = store.trees.build([['usr/bin/other', file('2', true)]]);
    const turned = { ...run, work: { type: 'run', argv: ['tool', '/in/a'], env: { A: '1', B: '2' } } } as const;
    expect(keyOf(turned, content)).toBe(keyOf(run, content));
    expect(keyOf(run, { ...content, inputs: new Map([...inputs].toReversed()) })).toBe(keyOf(run, content));
    const args = { a: 'ä', b: [1, { c: true, d: null }] };
    expect(keyOf({ ...stepAction, work: { ...stepAction.work, args } as ActionNode['work'] }, content)).toBe(
      keyOf(stepAction, content),
    );
    expect(keyOf(run, { ...content, toolchains: [other, toolchain] })).toBe(
      keyOf(run, { ...content, toolchains: [toolchain, other, toolchain] }),
    );
  });

  it('the label, the mnemonic, what it needs of the machine, or where the step lies', () => {
    const renamed = {
      ...stepAction,
      label: parseLabel('//other:name'),
      mnemonic: 'Other',
      needs: { vm: true, cpus: 2 },
    };
    const moved = { ...renamed.work, module: new URL('file:///elsewhere.step.ts') } as ActionNode['work'];
    expect(keyOf({ ...renamed, work: moved }, content)).toBe(keyOf(stepAction, content));
  });
});

describe('the key depends on', () => {
  it.each<[string, Partial<ActionNode>]>([
    ['an argument', { work: { type: 'run', argv: ['tool', '/in/b'], env: { B: '2', A: '1' } } }],
    ['the borders between arguments', { work: { type: 'run', argv: ['tool /in/a'], env: { B: '2', A: '1' } } }],
    ['a variable', { work: { type: 'run', argv: ['tool', '/in/a'], env: { B: '2', A: '3' } } }],
    ['the name of an output', { outputs: { out: { name: 'other', kind: File } } }],
    ['the timeout', { timeoutMs: 600_001 }],
  ])('%s', (_what, change) => expect(keyOf({ ...run, ...change })).not.toBe(keyOf(run)));

  it('the name, the content and the mode of an input', () => {
    const variants = [
      new Map([['a', file('x')]]),
      new Map([['b', file('x')]]),
      new Map([['a', file('y')]]),
      new Map([['a', file('x', true)]]),
    ];
    expect(new Set(variants.map((one) => keyOf(run, { ...nothing, inputs: one }))).size).toBe(variants.length);
  });
});

it('the input root has toolchains, mount points, inputs and the step', () => {
  const { inputRoot } = planAction(store, stepAction, { inputs, toolchains: [toolchain], bundle });
  const names = [...store.trees.entries(inputRoot.digest).keys()].toSorted();
  expect(names).toEqual(['bin', 'dev', 'dsmb', 'in', 'memo', 'out', 'proc', 'tmp', 'usr']);
  expect(store.trees.lookup(inputRoot, 'in/b/deep/file')).toEqual(file('in a folder'));
  expect(store.trees.lookup(inputRoot, 'dsmb/step.mjs')).toEqual(bundle);
});

it('a key of content that is stored is made without writing anything', () => {
  const content = { inputs, toolchains: [toolchain], bundle };
  planAction(store, stepAction, content);
  const before = readdirSync(folder, { recursive: true });
  planAction(store, { ...stepAction, timeoutMs: 1 }, { ...content, toolchains: [toolchain] });
  planAction(store, { ...run, timeoutMs: 2 }, { ...content, inputs: new Map([['other', tree]]) });
  expect(readdirSync(folder, { recursive: true })).toEqual(before);
});

it('a result can keep all that its action was made of', () => {
  const { madeOf, base: root } = planAction(store, stepAction, { inputs, toolchains: [toolchain], bundle });
  const names = ['.', 'dsmb/step.json', 'dsmb/step.mjs', 'in/a', 'in/b'];
  expect([...madeOf().keys()].toSorted()).toEqual(names);
  expect(madeOf().get('.')).toEqual(root);
  for (const node of madeOf().values()) expect(store.trees.complete(node)).toBe(true);
});

describe('canonicalJson', () => {
  it('is JSON, and the same for every order of keys', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalJson(turned(value))).toBe(text);
      }),
    );
  });

  it('keeps the order of lists, and tells all else apart', () => {
    expect(canonicalJson([2, 1])).toBe('[2,1]');
    expect(canonicalJson({ b: 1, a: { d: [], c: null } })).toBe('{"a":{"c":null,"d":[]},"b":1}');
  });

  function turned(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(turned);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .map(([key, item]) => [key, turned(item)] as const)
        .toReversed(),
    );
  }
});

it('the base is known before the inputs are', () => {
  const content = { inputs, toolchains: [toolchain], bundle };
  expect(planAction(store, stepAction, content).base).toEqual(baseOf(store, [toolchain]));
  expect(planAction(store, run, nothing).base).toEqual(baseOf(store, []));
});

it('an unsandboxed action has another key on each machine, and no sandboxed one', () => {
  const keys = [undefined, 'machine-a', 'machine-b'].map((machine) =>
    keyOf(run, { ...nothing, ...(machine ? { machine } : {}) }),
  );
  expect(new Set(keys).size).toBe(3);
});
