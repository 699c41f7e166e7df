import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { captureBytes } from './capture.ts';
import { Store } from './store.ts';
import type { Node } from './tree.ts';
import { treeDifferences } from './tree-difference.ts';

const folder = mkdtempSync(join(tmpdir(), 'dsmb-difference-'));
const store = new Store(folder);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Files by path; names are such that no file is where another tree has a folder. */
const files = fc.dictionary(fc.constantFrom('a', 'b', 'd/a', 'd/b', 'd/e/a', 'f/a'), fc.constantFrom('1', '2', '3'), {
  noNullPrototype: true,
});
const treeOf = (of: Readonly<Record<string, string>>): Node =>
  store.trees.build(Object.entries(of).map(([path, text]) => [path, captureBytes(store.cas, Buffer.from(text))]));

describe('the difference of two trees', () => {
  it('covers exactly the files that differ', () => {
    fc.assert(
      fc.property(files, files, (left, right) => {
        const found = [...treeDifferences(store.trees, treeOf(left), treeOf(right))].map(({ path }) => path);
        const differs = (path: string): boolean => left[path] !== right[path];
        const paths = [...new Set([...Object.keys(left), ...Object.keys(right)])];
        const covers = (path: string): boolean => found.some((one) => one === path || path.startsWith(`${one}/`));
        expect(paths.filter(covers).sort()).toEqual(paths.filter(differs).sort());
      }),
    );
  });

  it('is empty for the same content, and for two files is one at the root', () => {
    const tree = treeOf({ a: '1', 'd/a': '2' });
    expect([...treeDifferences(store.trees, tree, tree)]).toEqual([]);
    const [one, two] = [captureBytes(store.cas, Buffer.from('1')), captureBytes(store.cas, Buffer.from('2'))];
    expect([...treeDifferences(store.trees, one, two)]).toEqual([{ path: '', before: one, after: two }]);
  });
});
