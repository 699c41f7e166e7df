/** Nothing that comes from elsewhere is believed. */
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Digest } from '../../src/model/digest.ts';
import { captureBytes } from '../capture.ts';
import { digestOf } from '../cas.ts';
import { ActionResultSchema } from '../reapi/gen/build/bazel/remote/execution/v2/remote_execution_pb.js';
import { encodeDirectory, encodeTree } from '../reapi/messages.ts';
import { MessageWriter } from '../reapi/wire.ts';
import { Store } from '../store.ts';
import type { Node } from '../tree.ts';
import { exportResult } from './export.ts';
import { BadResult, importResult, type Expected } from './import.ts';

let store: Store;
let input: Node;
let expected: Expected;

beforeAll(() => {
  store = new Store(mkdtempSync(join(tmpdir(), 'dsmb-import-')));
  input = captureBytes(store.cas, Buffer.from('an input'));
  const inputRoot = store.trees.build([['in/disk/blocks/0011', input]]);
  expected = { outputs: [{ path: 'out/tree', shape: 'folder' }], inputRoot };
});
afterAll(() => rmSync(store.root, { recursive: true }));

const FILE: Node = { type: 'file', digest: digestOf(Buffer.from('a file')), executable: true };
const wire = ({ hash, size }: Digest) => ({ hash, sizeBytes: BigInt(size) });
const link = (target: string): Node => ({ type: 'symlink', target });

/** A directory of the server, and those below it. */
type Folder = { readonly [name: string]: Node | Folder };

function encoded(folder: Folder): [Uint8Array, ...Uint8Array[]] {
  const below: Uint8Array[] = [];
  const entries = new Map<string, Node>();
  for (const [name, node] of Object.entries(folder)) {
    if ('type' in node) entries.set(name, node as Node);
    else {
      const [root, ...more] = encoded(node);
      below.push(root, ...more);
      entries.set(name, { type: 'directory', digest: digestOf(root) });
    }
  }
  return [encodeDirectory(entries), ...below];
}

/** A folder in a folder in a folder. */
function nested(levels: number, folder: Folder, name: string): Folder {
  return levels === 0 ? folder : { [name]: nested(levels - 1, folder, name) };
}

/** Imports an output folder from its messages. */
function importTree(directories: readonly [Uint8Array, ...Uint8Array[]], as: 'tree' | 'root' = 'tree') {
  const tree = encodeTree(directories);
  const blobs = new Map([tree, ...directories].map((bytes) => [digestOf(bytes).hash, bytes]));
  const digests =
    as === 'tree' ? { treeDigest: wire(digestOf(tree)) } : { rootDirectoryDigest: wire(digestOf(directories[0])) };
  return importMessage({ outputDirectories: [{ path: 'out/tree', ...digests }] }, blobs);
}

function importMessage(
  result: MessageInitShape<typeof ActionResultSchema>,
  blobs: ReadonlyMap<string, Uint8Array> = new Map(),
) {
  const read = (of: readonly Digest[]) =>
    Promise.resolve(new Map(of.map(({ hash }) => [hash, blobs.get(hash) ?? new Uint8Array()])));
  return importResult({ trees: store.trees, read }, create(ActionResultSchema, result), expected);
}

describe('a folder', () => {
  it.each(['tree', 'root'] as const)('comes from its %s, with the digest that it has here', async (as) => {
    const { outputs } = await importTree(
      encoded({ b: FILE, a: { deep: { file: FILE }, link: link('deep/file') }, empty: {} }),
      as,
    );
    const here = store.trees.build([
      ['b', FILE],
      ['a/deep/file', FILE],
      ['a/link', link('deep/file')],
      ['empty', { type: 'directory', digest: digestOf(new Uint8Array()) }],
    ]);
    expect(outputs.get('out/tree')).toEqual(here);
  });

  it('has inputs in the place of links to them', async () => {
    const { outputs } = await importTree(encoded({ blocks: { '0011': link('/in/disk/blocks/0011') } }));
    expect(store.trees.lookup(outputs.get('out/tree')!, 'blocks/0011')).toEqual(input);
  });

  it('that was exported is the same again', async () => {
    const tree = store.trees.build([['a/b', captureBytes(store.cas, Buffer.from('b'))]]);
    const result = {
      outputs: new Map([['out/tree', tree]]),
      log: undefined,
      startedAt: 1000.5,
      durationMs: 2.25,
      worker: 'w',
    };
    const sent = exportResult(store, [new Uint8Array([1]), new Uint8Array([2])], result);
    const blobs = sent.messages.map(({ digest, read }) => [digest.hash, Buffer.concat([...read(0, 1000)])] as const);
    expect(await importMessage(sent.result, new Map(blobs))).toEqual(result);
    for (const { hash } of sent.files.map(({ digest }) => digest)) expect(hash).toBe(digestOf(Buffer.from('b')).hash);
    expect(blobs.every(([hash, bytes]) => digestOf(bytes).hash === hash)).toBe(true);
  });
});

it('a tree in the metadata is used where it is the one, and needs no question', async () => {
  const directories = encoded({ a: FILE });
  const tree = encodeTree(directories);
  const typeUrl = 'type.googleapis.com/build.bazel.remote.execution.v2.Tree';
  const outputDirectories = [{ path: 'out/tree', treeDigest: wire(digestOf(tree)) }];
  const result = (value: Uint8Array) =>
    importMessage({ outputDirectories, executionMetadata: { auxiliaryMetadata: [{ typeUrl, value }] } });
  const { outputs } = await result(tree);
  expect(outputs.get('out/tree')).toEqual(store.trees.build([['a', FILE]]));
  // Another one is no help: nothing has the blob.
  await expect(result(encodeTree(encoded({ a: FILE, planted: FILE })))).resolves.toMatchObject({
    outputs: new Map([['out/tree', store.trees.store(new Map())]]),
  });
});

it('times that nobody can have had do no harm', async () => {
  const seconds = 2n ** 62n;
  const executionMetadata = {
    executionStartTimestamp: { seconds: -seconds, nanos: -1 },
    executionCompletedTimestamp: { seconds, nanos: 2_000_000_000 },
  };
  const outputDirectories = [{ path: 'out/tree', rootDirectoryDigest: wire(digestOf(new Uint8Array())) }];
  const result = await importMessage({ outputDirectories, executionMetadata });
  expect([result.startedAt, new Date(result.durationMs).getTime()]).toEqual([0, result.durationMs]);
});

describe('refused is', () => {
  it.each<[string, () => Folder]>([
    ['a link that leads out', () => ({ a: { up: link('../../etc') } })],
    [
      'a link that leads out by another link',
      () => ({ there: link('a/b'), a: { b: link('..') }, out: link('there/../../x') }),
    ],
    ['an absolute link', () => ({ a: link('/etc/passwd') })],
    ['a link to an input that is none', () => ({ a: link('/in/other') })],
    ['a link that leaves the inputs', () => ({ a: link('/in/../dsmb/step.json') })],
    ['a name that is a path', () => ({ 'a/b': FILE })],
    ['the name ..', () => ({ '..': FILE })],
    ['an empty name', () => ({ '': FILE })],
    ['a name that is too long', () => ({ ['n'.repeat(256)]: FILE })],
    ['a path that is too long', () => nested(20, { file: FILE }, 'n'.repeat(200))],
    ['a link to nothing', () => ({ a: link('') })],
    ['a link to what is no path', () => ({ a: link('b\0c') })],
    ['a link whose target is too long', () => ({ a: link('b/'.repeat(3000)) })],
    [
      'an empty file with another hash',
      () => ({ a: { type: 'file', digest: { ...FILE.digest, size: 0 } as Digest, executable: false } }),
    ],
  ])('%s', async (_what, folder) => {
    await expect(importTree(encoded(folder()))).rejects.toThrow(BadResult);
  });

  it('a few messages that stand for more files than there can be', async () => {
    const directories: Uint8Array[] = encoded({ file: FILE });
    for (let level = 0; level < 60; level++) {
      const below: Node = { type: 'directory', digest: digestOf(directories.at(-1)!) };
      directories.push(encodeDirectory(new Map([['a', below] as const, ['b', below] as const])));
    }
    const [root, ...others] = directories.toReversed();
    await expect(importTree([root!, ...others])).rejects.toThrow('too many files');
  });

  it('a folder that is not in its tree', async () => {
    const [root] = encoded({ a: { b: FILE } });
    await expect(importTree([root])).rejects.toThrow('missing');
  });

  it('a name that two entries have', async () => {
    const directory = new MessageWriter();
    for (const field of [1, 2])
      directory.message(field, (node) => {
        node.text(1, 'twice');
        node.message(2, (of) => {
          of.text(1, digestOf(new Uint8Array()).hash);
        });
      });
    await expect(importTree([directory.finish()])).rejects.toThrow('twice');
  });

  it('what is no message, and what is no digest', async () => {
    await expect(importTree([new Uint8Array([255, 255])])).rejects.toThrow(BadResult);
    const outputDirectories = [{ path: 'out/tree', treeDigest: { hash: 'abc', sizeBytes: 3n } }];
    await expect(importMessage({ outputDirectories })).rejects.toThrow('not a digest');
  });

  it('the result of an action that failed', async () => {
    await expect(importMessage({ exitCode: 1 })).rejects.toThrow('exited with 1');
  });

  it('one without a declared output, or with a file in the place of a folder', async () => {
    await expect(importMessage({})).rejects.toThrow('lacks the output out/tree');
    await expect(importMessage({ outputFiles: [{ path: 'out/tree', digest: wire(FILE.digest) }] })).rejects.toThrow(
      'should be a folder',
    );
  });
});
