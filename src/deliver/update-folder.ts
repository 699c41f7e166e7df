/** Brings a delivered folder from one tree to another: only what differs is written, each file at once or not at all. */
import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { removeTree } from '../../cache/files.ts';
import type { Store } from '../../cache/store.ts';
import { sameNode, type Node } from '../../cache/tree.ts';

type Directory = Node & { readonly type: 'directory' };

/**
 * Whether more of a tree's files are new than are as they were in an earlier one: to replace each costs more than to lay all
 * out. A folder that is the same is not looked into: it may hold very many.
 */
export function isMostlyNew(store: Store, was: Directory, is: Directory): boolean {
  let [same, other] = [0, 0];
  const count = (before: Node | undefined, after: Node): void => {
    if (before && sameNode(before, after)) same += after.type === 'directory' ? Infinity : 1;
    else if (after.type !== 'directory') other++;
    else {
      const entries = before?.type === 'directory' ? store.trees.entries(before.digest) : undefined;
      for (const [name, node] of store.trees.entries(after.digest)) count(entries?.get(name), node);
    }
  };
  count(was, is);
  return other > same;
}

/**
 * `folder` holds what `was` says. New things are made in the folder `aside`, which is on the same file system. Gives the
 * paths where there is something else now, or nothing.
 */
export async function updateFolder(
  store: Store,
  was: Directory,
  is: Directory,
  folder: string,
  { aside, signal }: { readonly aside: string; readonly signal: AbortSignal },
): Promise<string[]> {
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
      changed.push(...(await updateFolder(store, there, node, path, { aside, signal })));
    else {
      const temporary = join(aside, 'new');
      await store.folders.deliver(node, temporary, signal);
      // A folder neither takes another's place nor gives way by a rename.
      if (there?.type === 'directory' || node.type === 'directory') removeTree(path);
      renameSync(temporary, path);
      changed.push(path);
    }
  }
  return changed;
}
