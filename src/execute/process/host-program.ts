/** Programs of a toolchain that run outside of any sandbox, with their own loader and libraries. */
import { dirname, join } from 'node:path';
import type { Node, Trees } from '../../../cache/tree.ts';

/** Where it lies in its toolchain. */
export const BUBBLEWRAP = 'usr/bin/bwrap';

type Directory = Node & { readonly type: 'directory' };

const LOADER = 'usr/lib64/ld-linux-x86-64.so.2';
const LIBRARIES = 'usr/lib/x86_64-linux-gnu';

/** The start of a command line for a program below the folder that a toolchain is laid out in. */
export function hostProgram(root: string, path: string): readonly string[] {
  return [join(root, LOADER), '--library-path', join(root, LIBRARIES), join(root, path)];
}

/**
 * As much of a toolchain as one such program needs: before a process uses a tree, it looks at all of its files. With the
 * links of its root, since others lead through them.
 */
export function partForHost(trees: Trees, toolchain: Directory, program: string): Directory {
  const isNeeded = (path: string): boolean => path === program || path === LOADER || dirname(path) === LIBRARIES;
  const folders = ['', dirname(program), dirname(LOADER), LIBRARIES];
  const nodes = new Map<string, Node>();
  for (const folder of folders) {
    const of = trees.lookup(toolchain, folder);
    if (of?.type !== 'directory') continue;
    for (const [name, node] of trees.entries(of.digest)) {
      const path = join(folder, name);
      if (node.type !== 'directory' && (folder === '' || isNeeded(path))) nodes.set(path, node);
    }
  }
  return trees.build(nodes);
}
