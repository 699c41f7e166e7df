/** Where symlinks of a Merkle tree lead: as the kernel goes, over every other link on the way. */
import type { Node, Trees } from './tree.ts';

/** As many as Linux follows. */
const MAX_LINKS = 40;

/** Where a way through a tree ends: out of the tree, if only for a part of the way, or inside at a node or at nothing. */
export type End = 'outside' | Node | undefined;

/** The end of the way along a path that begins in a folder of the tree. */
export function endOfWay(trees: Trees, root: Node, folder: string, path: string): End {
  const at = namesIn(folder);
  const todo = [path];
  for (let links = 0; ;) {
    const next = todo.pop();
    if (next === undefined) return trees.lookup(root, at.join('/'));
    if (next.startsWith('/')) return 'outside';
    const [name, ...more] = namesIn(next);
    if (name === undefined) continue;
    todo.push(more.join('/'));
    if (name === '..') {
      if (at.pop() === undefined) return 'outside';
      continue;
    }
    const node = trees.lookup(root, [...at, name].join('/'));
    if (node?.type !== 'symlink') at.push(name);
    // More are a circle, which leads nowhere.
    else if (links++ === MAX_LINKS) return undefined;
    else todo.push(node.target);
  }
}

/** The first relative link of a tree that leads out of it. */
export function escapingLink(trees: Trees, root: Node): { readonly path: string; readonly target: string } | undefined {
  for (const [path, node] of trees.walk(root)) {
    if (node.type !== 'symlink' || node.target.startsWith('/')) continue;
    const folder = namesIn(path).slice(0, -1).join('/');
    if (endOfWay(trees, root, folder, node.target) === 'outside') return { path, target: node.target };
  }
  return undefined;
}

function namesIn(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}
