/** What is told of outputs that are damaged, lost, much the same, or described by strangers. */
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Node } from '../../../cache/tree.ts';
import { StoredBuilds, type StoredAction } from '../../../test/rig/stored-build.ts';
import { bufferSource, editDisk, SECTOR, writeFat16 } from '../../disk/index.ts';
import { temporaryFolder } from '../../disk/model.test-helper.ts';
import { digest } from '../../model/digest.ts';
import { nodeValue } from '../../plan/parts.ts';
import { PastView, wholeBuild } from '../view.ts';
import { Artifacts } from './artifacts.ts';

const MIB = 1024 * 1024;
const folder = temporaryFolder();
let builds: StoredBuilds;
let artifacts: Artifacts;
let made = 0;
let time = 0;

beforeAll(() => {
  builds = new StoredBuilds(folder.path);
  artifacts = new Artifacts(sources);
});
afterAll(() => {
  artifacts[Symbol.dispose]();
  folder[Symbol.dispose]();
});

const sources = () => ({ store: builds.store, root: builds.root, history: builds.history });

/** A disk of 4 MiB with a text in its second MiB. */
function disk(text: string): Node {
  const path = join(folder.path, `disk${made++}`);
  const editor = editDisk({ to: path, size: 4 * MIB });
  editor.write(MIB, Buffer.from(text.padEnd(512)));
  editor.finish();
  return builds.tree(path);
}

const makes = (output: Node, label = '//disk'): StoredAction => {
  return { label, mnemonic: 'Make', inputs: {}, outputs: { disk: output } };
};

const record = (...actions: StoredAction[]): string => builds.record((time += 1000), actions);

const view = (build: string): PastView => new PastView(sources(), builds.history.record(build)!);

/** The parts of a key, as somebody else may have written them. */
function rewriteParts(build: string, change: (part: Record<string, unknown>) => Record<string, unknown>): void {
  const hash = view(build).action(0)!.key!.split('/')[0]!;
  const path = join(builds.store.root, 'parts.v1', hash.slice(0, 2), `${hash}.json`);
  const parts = [{ kind: 'input', name: 'a', value: nodeValue(builds.file('a')) }].map(change);
  writeFileSync(path, JSON.stringify({ parts, declared: { rule: 'r', attributes: {} } }));
}

test('a disk is compared with the last build before that had another one', () => {
  const [x, y] = [disk('x'), disk('y')];
  const [first, second, third] = [record(makes(x)), record(makes(y)), record(makes(x))];
  const told = (build: string) => artifacts.disk(view(build), 0, 'disk')!;
  expect(told(second).since?.build).toBe(first);
  expect(told(second).others.map(({ build }) => build)).toEqual([third, first]);
  expect(told(third).since?.build).toBe(second);
  expect(told(first).since).toBeUndefined();
});

test('a folder with a file named disk.json is a folder, unless that is the manifest of a disk', async () => {
  const tree = builds.store.trees.build([
    ['disk.json', builds.file('{"a":1}')],
    ['x', builds.file('in it')],
  ]);
  const past = view(record({ ...makes(tree), outputs: { tree, inside: builds.store.trees.build([['sub', tree]]) } }));
  expect(artifacts.outputs(past, 0).map(({ name, kind }) => `${name} ${kind}`)).toEqual([
    'inside folder',
    'tree folder',
  ]);
  expect(await artifacts.item(past, 0, ['tree', 'x'])).toMatchObject({ text: 'in it' });
  expect(await artifacts.item(past, 0, ['inside', 'sub', 'x'])).toMatchObject({ text: 'in it' });
});

test('what has left the store says so, beside what has not; a build that carries them does not fail', async () => {
  const [lost, kept] = [disk('to be lost'), disk('to stay')];
  const big = builds.file(Buffer.alloc(2000, 'lost file'));
  record({ ...makes(disk('before'), '//lost'), outputs: { kept: disk('before') } });
  const past = view(record({ ...makes(kept, '//lost'), outputs: { big, kept, lost } }));
  const manifest = lost.type === 'directory' ? builds.store.trees.lookup(lost, 'disk.json') : undefined;
  // Disks of one size share their manifest.
  const block = builds.store.trees.lookup(lost, 'blocks/0000/01')!;
  expect([manifest?.type, block.type]).toEqual(['file', 'file']);
  for (const node of [big, block]) if (node.type === 'file') rmSync(builds.store.cas.path(node.digest));
  const outputs = artifacts.outputs(past, 0);
  expect(outputs.map(({ name }) => name)).toEqual(['big', 'kept', 'lost']);
  expect(outputs[0]).toMatchObject({
    kind: 'file',
    problem: expect.stringContaining('the store has lost blob') as string,
  });
  await expect(artifacts.cell(past, { place: 0, output: 'lost', cell: 1, since: undefined })).resolves.toMatchObject({
    problems: [],
  });
  const whole = await wholeBuild(past, artifacts);
  expect(Object.keys(whole.artifacts.disks)).toContain('0/kept');
  expect(whole.artifacts.disks['0/kept']!.cells).toHaveLength(1);
  if (manifest?.type === 'file') rmSync(builds.store.cas.path(manifest.digest));
  expect(artifacts.outputs(past, 0)[1]!.problem).toContain('the store has lost blob');
  expect((await wholeBuild(past, artifacts)).artifacts.outputs[0]).toHaveLength(3);
  if (manifest?.type === 'file') disk('written again');
  expect(artifacts.outputs(past, 0)[1]).toMatchObject({ kind: 'disk' });
});

test.each([
  ['no digest', (part: object) => ({ ...part, value: 'nonsense/1' })],
  ['no packages', (part: object) => ({ ...part, origin: { type: 'debian', packages: 'x' } })],
  ['no origin', (part: object) => ({ ...part, origin: null })],
])('parts of a key that have %s are passed over', async (_name, change) => {
  record(makes(disk(`before ${made}`), '//strange'));
  const build = record(makes(disk(`after ${made}`), '//strange'));
  rewriteParts(build, change);
  const past = view(build);
  expect(past.snapshot().actions).toHaveLength(1);
  expect((await artifacts.cell(past, { place: 0, output: 'disk', cell: 1 }))!.uses).toHaveLength(1);
  const whole = await wholeBuild(past, artifacts);
  expect(past.details(0)!.why[0]).toMatch(/^\/\/strange Make: /);
  expect(whole.artifacts.disks['0/disk']!.cells).toHaveLength(1);
});

test('a trail that only ends says so, and blames nobody', async () => {
  const x = disk('from the beginning');
  const origin = (number: number) => ({ type: 'action', label: `//a${number}`, mnemonic: 'Make', path: '' }) as const;
  const chain = Array.from({ length: 11 }, (_none, number): StoredAction => {
    const inputs = number === 0 ? {} : { d: { node: x, origin: origin(number - 1) } };
    return { ...makes(x, `//a${number}`), inputs };
  });
  const past = view(record(...chain));
  const told = async () => (await artifacts.cell(past, { place: 10, output: 'disk', cell: 1 }))!;
  const long = await told();
  const trail = long.uses[0]!.trail.map(({ text }) => text);
  expect(trail).toHaveLength(9);
  expect(trail.slice(-2)).toEqual(['the same MiB of input d, made by //a2 Make', 'and further back']);
  expect(long.why[0]).toMatch(/^\/\/a2 Make: /);
  rmSync(join(builds.store.root, 'parts.v1'), { recursive: true });
  const unknown = await told();
  expect(unknown.uses[0]!.trail.map(({ text }) => text)).toEqual(['what //a10 Make was made of is not known any more']);
  expect(unknown.why[0]).toMatch(/^\/\/a10 Make: /);
});

test('where an input has left the store, nobody is sure who wrote the bytes', async () => {
  const node = { type: 'directory', digest: digest('0'.repeat(64), 5) } as const;
  const inputs = { base: { node, origin: { type: 'runtime' } as const } };
  const past = view(record({ ...makes(disk('from somewhere'), '//unsure'), inputs }));
  const { uses } = (await artifacts.cell(past, { place: 0, output: 'disk', cell: 1 }))!;
  expect(uses[0]!.trail).toEqual([
    { text: 'written by //unsure Make, or from its input base, which cannot be read any more', place: 0 },
  ]);
});

test('of a large file, an input that has only some of the changed bytes is not where it comes from', async () => {
  const content = (...marks: number[]): Buffer => {
    const bytes = Buffer.alloc(5 * MIB, 'large');
    for (const [at, mark] of marks.entries()) bytes[(2 + at / 8) * MIB] = mark;
    return bytes;
  };
  const image = (...marks: number[]): Node => {
    const sectors = 16 * 2048;
    const bytes = Buffer.alloc(sectors * SECTOR);
    const files = [{ path: 'big', source: bufferSource(content(...marks)) }];
    const options = { sectors, hiddenSectors: 0, volumeId: 1, label: 'X', epoch: 1_577_836_800, files };
    writeFat16({ write: (offset, part) => bytes.set(part, offset) }, options);
    return builds.file(bytes);
  };
  const trailOf = async (...input: number[]) => {
    const files = builds.store.trees.build([['big', builds.file(content(...input))]]);
    const inputs = { files: { node: files, origin: { type: 'source', path: join(builds.root, 'files') } as const } };
    record(makes(image(0, 0), '//large'));
    const past = view(record({ ...makes(image(1, 2), '//large'), inputs }));
    const map = artifacts.disk(past, 0, 'disk')!;
    const before = map.runs.findIndex(({ state }) => state === 'changed');
    const cell = map.runs.slice(0, before).reduce((sum, { count }) => sum + count, 0);
    const { uses } = (await artifacts.cell(past, { place: 0, output: 'disk', cell, since: map.since?.build }))!;
    expect(uses[0]).toMatchObject({ name: '/big', changed: 1024 });
    return uses[0]!.trail.map(({ text }) => text);
  };
  const same = 'a file of the same size, with the same bytes here, as big of input files, the source files';
  expect(await trailOf(1, 2)).toEqual([same]);
  expect(await trailOf(1, 0)).toEqual(['written by //large Make']);
});

test('actions of one mnemonic are told apart by what they made, with one look at each result', () => {
  const count = 40;
  const nodes = Array.from({ length: count }, (_none, ordinal) => builds.file(`made ${ordinal}`));
  const action = (mnemonic: string, ordinal: number, inputs: StoredAction['inputs']): StoredAction => {
    return { label: '//many', mnemonic, ordinal, inputs, outputs: { file: nodes[ordinal]! } };
  };
  const origin = { type: 'action', label: '//many', mnemonic: 'Make', path: '' } as const;
  const past = view(
    record(
      ...nodes.map((_node, ordinal) => action('Make', ordinal, {})),
      ...nodes.map((node, ordinal) => action('Use', ordinal, { file: { node, origin } })),
    ),
  );
  let looks = 0;
  const { actions } = builds.store;
  const look = actions.look.bind(actions);
  actions.look = (key) => {
    looks++;
    return look(key);
  };
  const told = past.snapshot().actions.map(({ inputs }) => inputs);
  delete (actions as Partial<typeof actions>).look;
  expect(told.slice(count)).toEqual(nodes.map((_node, ordinal) => [ordinal]));
  expect(looks).toBe(count);
});

test('what cannot be told in time is left out', async () => {
  class Slow extends Artifacts {
    override cell(): Promise<never> {
      return new Promise(() => {});
    }
  }
  using slow = new Slow(sources);
  record(makes(disk('earlier'), '//slow'));
  const past = view(record(makes(disk('later'), '//slow')));
  const { disks } = (await wholeBuild(past, slow)).artifacts;
  expect(disks['0/disk']!.cells).toEqual([]);
});

test('an index that nobody waits for any more is ended', async () => {
  const ended = new Artifacts(sources);
  const past = view(record(makes(disk('ended'), '//ended')));
  ended[Symbol.dispose]();
  await expect(ended.cell(past, { place: 0, output: 'disk', cell: 1 })).rejects.toThrow('aborted');
});

test('nothing is left behind', () => {
  expect(readdirSync(join(builds.store.root, 'incoming'))).toEqual([]);
});
