/** Brings a delivered folder from one tree to another: only what differs is written, each file at once or not at all. */
import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { removeTree } from '../../cache/files.ts';
import type { Store } from '../../cache/store.ts';
import { sameNode, type Node } from '../../cache/tree.ts';

type Directory = Node & { readonly type: 'directory' };

/**
 * `folder` holds what `was` says. New things are made in the folder `aside`, which is on the same file system. Gives the
 * paths where there is something else now, or nothing.
 */
export function updateFolder(store: Store, was: Directory, is: Directory, folder: string, aside: string): string[] {
  const before = store.trees.entries(was.digest);
  const after = store.trees.entries(is.digest);
  mkdirSync(aside, { recursive: true });
  const removed = [...before.keys()].filter((name) => !after.has(name)).map((name) => join(folder, name));
  removed.forEach(removeTree);
  const changed = removed;
  for (const [name, node] of after) {
    const there = before.get(name);
    if (there && sameNode(there, node)) continue;
    const path = join(folder, name);
    if (there?.type === 'directory' && node.type === 'directory')
      changed.push(...updateFolder(store, there, node, path, aside));
    else {
      const temporary = join(aside, 'new');
      store.folders.deliver(node, temporary);
      // A folder neither takes another's place nor gives way by a rename.
      if (there?.type === 'directory' || node.type === 'directory') removeTree(path);
      renameSync(temporary, path);
      changed.push(path);
    }
  }
  return changed;
}
