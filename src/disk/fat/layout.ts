/** Plans a new FAT: the tree of folders and files, and which clusters each gets. */
import { fail } from '../../model/diagnostic.ts';
import type { ByteSource } from '../source.ts';
import { ENTRY_SIZE } from './directory.ts';
import { entryCount } from './names.ts';

const FIRST_CLUSTER = 2;

/** A folder or file of the file system to be. */
export class PlannedNode {
  readonly name: string;
  /** The content of a file; a folder has none. */
  readonly source: ByteSource | undefined;
  readonly children: PlannedNode[] = [];
  /** First cluster; 0 for the root and for empty files. */
  cluster = 0;
  clusters = 0;
  /** 0 where the root is above. */
  parentCluster = 0;

  constructor(name: string, source?: ByteSource) {
    this.name = name;
    this.source = source;
  }

  /** Everything below; folders first, then files, in the order of the tree. */
  descendants(): PlannedNode[] {
    const below = this.#all();
    return [...below.filter((node) => !node.source), ...below.filter((node) => node.source)];
  }

  clustersBelow(): number {
    return this.descendants().reduce((sum, node) => sum + node.clusters, 0);
  }

  /** Finds or makes the folder of that name. */
  folder(name: string): PlannedNode {
    const known = this.child(name);
    if (known?.source) fail('FAT_NAME', `${name} is a file and a folder`);
    return known ?? this.add(new PlannedNode(name));
  }

  add(node: PlannedNode): PlannedNode {
    this.children.push(node);
    return node;
  }

  child(name: string): PlannedNode | undefined {
    const wanted = name.toLowerCase();
    return this.children.find((child) => child.name.toLowerCase() === wanted);
  }

  #all(): PlannedNode[] {
    return this.children.flatMap((child) => [child, ...child.#all()]);
  }
}

/** The tree of `files` with clusters given out; the root has none of its own. */
export function planTree(
  files: readonly { readonly path: string; readonly source: ByteSource }[],
  clusterSize: number,
): PlannedNode {
  const root = new PlannedNode('');
  for (const { path, source } of files) addFile(root, path, source);
  for (const node of root.descendants()) node.clusters = Math.ceil(sizeOf(node) / clusterSize);
  giveClusters(root);
  return root;
}

function addFile(root: PlannedNode, path: string, source: ByteSource): void {
  const names = path.split('/').filter((name) => name !== '');
  const name = names.pop() ?? fail('FAT_NAME', `'${path}' names no file`);
  const folder = names.reduce((above, folderName) => above.folder(folderName), root);
  if (folder.child(name)) fail('FAT_NAME', `${path} is there twice (FAT does not tell upper case from lower case)`);
  folder.add(new PlannedNode(name, source));
}

function sizeOf(node: PlannedNode): number {
  if (node.source) return node.source.size;
  return node.children.reduce((sum, child) => sum + entryCount(child.name), 2) * ENTRY_SIZE;
}

function giveClusters(root: PlannedNode): void {
  let next = FIRST_CLUSTER;
  for (const node of root.descendants()) {
    node.cluster = node.clusters === 0 ? 0 : next;
    next += node.clusters;
  }
  for (const folder of [root, ...root.descendants()])
    for (const child of folder.children) child.parentCluster = folder.cluster;
}
