/** An updated folder is what a new one would be, and what did not change was not touched. */
import fc from 'fast-check';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { captureBytes } from '../../cache/capture.ts';
import { Store } from '../../cache/store.ts';
import type { Node } from '../../cache/tree.ts';
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
function look(path: string, at = ''): [path: string, what: string][] {
  return readdirSync(join(path, at), { withFileTypes: true })
    .flatMap((entry): [string, string][] => {
      const name = join(at, entry.name);
      const full = join(path, name);
      if (entry.isDirectory()) return [[name, 'folder'], ...look(path, name)];
      if (entry.isSymbolicLink()) return [[name, `-> ${readlinkSync(full)}`]];
      return [[name, `${(lstatSync(full).mode & 0o111) > 0 ? '+' : ''}${readFileSync(full, 'utf8')}`]];
    })
    .toSorted();
}

it('makes any folder into any other', () => {
  fc.assert(
    fc.property(tree, tree, (was, is) => {
      const [updated, made] = [join(folder, `updated${round}`), join(folder, `made${round++}`)];
      store.folders.deliver(nodeOf(was), updated);
      store.folders.deliver(nodeOf(is), made);
      const before = new Map(look(updated));
      const inodes = new Map([...before.keys()].map((path) => [path, lstatSync(join(updated, path)).ino]));
      updateFolder(store, nodeOf(was), nodeOf(is), updated, `${updated}.new`);
      expect(look(updated)).toEqual(look(made));
      for (const [path, what] of look(updated))
        if (before.get(path) === what) expect(lstatSync(join(updated, path)).ino).toBe(inodes.get(path));
    }),
    { numRuns: 50 },
  );
});
