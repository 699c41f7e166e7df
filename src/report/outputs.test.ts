/** What a build lays out for people is known by its stamp, and by nothing less. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { captureBytes } from '../../cache/capture.ts';
import { Store } from '../../cache/store.ts';
import type { Node } from '../../cache/tree.ts';
import { ArtifactReference, type AnalysedTarget } from '../analysis/action.ts';
import { Tree } from '../model/kinds.ts';
import { parseLabel } from '../model/label.ts';
import { deliver, stampOf } from './outputs.ts';

const label = parseLabel('//tree');
const target = {
  label,
  artifact: new ArtifactReference(Tree, { type: 'source', path: '/tree', written: 'tree' }),
} as unknown as AnalysedTarget;
let root: string;
let store: Store;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'dsmb-outputs-'));
  store = new Store(join(root, 'store'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A folder of files by their names. */
function folderOf(files: Readonly<Record<string, string>>): Node {
  const nodes = Object.entries(files).map(
    ([name, text]) => [name, captureBytes(store.cas, Buffer.from(text))] as const,
  );
  return store.trees.build(nodes);
}

const lay = async (node: Node): Promise<boolean> =>
  (await deliver(store, root, target, node, { signal: undefined })).fresh;
const lies = (): Record<string, string> => {
  const folder = join(root, 'dsmb-out/tree');
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
};

it('an output is laid out once, and again when its stamp was cut off anywhere by a kill', async () => {
  const node = folderOf({ a: '1', b: '2' });
  const stamp = stampOf(root, label);
  expect([await lay(node), await lay(node)]).toEqual([true, false]);
  const { length } = readFileSync(stamp, 'utf8');
  for (let size = 0; size < length; size += 7) {
    writeFileSync(stamp, readFileSync(stamp, 'utf8').slice(0, size));
    expect([size, await lay(node), await lay(node)]).toEqual([size, true, false]);
  }
  expect(readdirSync(dirname(stamp))).toHaveLength(1);
});

it('a folder becomes what it should be, whether little of it is new or most', async () => {
  for (const files of [{ a: '1', b: '2', c: '3' }, { a: '1', b: '2', c: 'x' }, { a: 'y', b: 'z', d: '4' }, {}]) {
    await lay(folderOf(files));
    expect(lies()).toEqual(files);
  }
});
