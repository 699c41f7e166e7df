/** An updated folder is what a new one would be, what did not change was not touched, and what did is told. */
import fc from 'fast-check';
import { lstatSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { captureBytes } from '../../cache/capture.ts';
import { Store } from '../../cache/store.ts';
import type { Node } from '../../cache/tree.ts';
import { pathsBelow } from '../../cache/walk.ts';
import { LaidOut } from './laid-out.ts';
import { updateFolder } from './update-folder.ts';

type Tree = { readonly [name: string]: Tree | string };

const folder = mkdtempSync(join(tmpdir(), 'dsmb-update-'));
const store = new Store(join(folder, 'store'));
let round = 0;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Names that meet again and again; a text is a file, `-> x` a symlink, `+x` an executable. */
const { tree } = fc.letrec<{ tree: Tree; entry: Tree | string }>((tie) => ({
  tree: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'new'), tie('entry'), { maxKeys: 4 }),
  entry: fc.oneof({ maxDepth: 3 }, fc.constantFrom('one', 'two', '-> a', '-> b', '+one'), tie('tree')),
}));

function nodeOf(of: Tree | string): Node & { type: 'directory' } {
  const stored = (entry: Tree | string): Node => {
    if (typeof entry === 'object') return nodeOf(entry);
    if (entry.startsWith('-> ')) return { type: 'symlink', target: entry.slice(3) };
    return captureBytes(store.cas, Buffer.from(entry.replace('+', '')), entry.startsWith('+'));
  };
  const entries = new Map(Object.entries(of).map(([name, entry]) => [name, stored(entry)]));
  return store.trees.store(entries) as Node & { type: 'directory' };
}

/** What lies there, by path. */
function look(path: string): Map<string, string> {
  const paths = [...pathsBelow(path)].toSorted();
  return new Map(paths.map((one) => [relative(path, one), whatIs(one)]));
}

function whatIs(path: string): string {
  const stats = lstatSync(path);
  if (stats.isDirectory()) return 'folder';
  if (stats.isSymbolicLink()) return `-> ${readlinkSync(path)}`;
  return `${(stats.mode & 0o111) > 0 ? '+' : ''}${readFileSync(path, 'utf8')}`;
}

it('makes any folder into any other', async () => {
  await fc.assert(
    fc.asyncProperty(tree, tree, async (was, is) => {
      const [updated, made] = [join(folder, `updated${round}`), join(folder, `made${round++}`)];
      await store.folders.deliver(nodeOf(was), updated);
      await store.folders.deliver(nodeOf(is), made);
      const before = look(updated);
      const inodes = new Map([...before.keys()].map((path) => [path, lstatSync(join(updated, path)).ino]));
      const laidOut = LaidOut.at(updated)!;
      const { signal } = new AbortController();
      const aside = `${updated}.new`;
      laidOut.lookAgain(await updateFolder(store, nodeOf(was), nodeOf(is), updated, { aside, signal }));
      expect(look(updated)).toEqual(look(made));
      expect(laidOut.fingerprint()).toBe(LaidOut.at(updated)!.fingerprint());
      for (const [path, what] of look(updated))
        if (before.get(path) === what) expect(lstatSync(join(updated, path)).ino).toBe(inodes.get(path));
    }),
    { numRuns: 50 },
  );
});
