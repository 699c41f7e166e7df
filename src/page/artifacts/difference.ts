/** Where two outputs differ: disks by partition and file, all else in the words of its formats. */
import type { Store } from '../../../cache/store.ts';
import type { Node } from '../../../cache/tree.ts';
import { compareFiles, formatFinding } from '../../compare/index.ts';
import { compareDisks } from '../../disk/index.ts';
import { storedXz } from '../../execute/toolchains/stored-toolchains.ts';
import { temporaryFolder } from '../../execute/action/temporary-folder.ts';
import { toDiagnostic } from '../../model/diagnostic.ts';
import { formatDifference } from '../../report/disk-difference.ts';
import { printable } from '../../report/printable.ts';
import { diskTree, storedDisk } from '../../report/stored-disk.ts';

const MOST_FINDINGS = 50;
const MOST_LINES = 1000;

type Output = Exclude<Node, { readonly type: 'symlink' }>;

/** Lines for people; what cannot be compared says why. */
export async function differenceLines(store: Store, root: string, before: Output, after: Output): Promise<string[]> {
  try {
    const [a, b] = [diskTree(store, before), diskTree(store, after)];
    const lines =
      a && b
        ? formatDifference(compareDisks(storedDisk(store, a), storedDisk(store, b))).split('\n')
        : await foundIn(store, root, before, after);
    const more = lines.length > MOST_LINES ? [`and ${lines.length - MOST_LINES} more lines`] : [];
    return [...lines.slice(0, MOST_LINES).map(printable), ...more];
  } catch (error) {
    return [printable(toDiagnostic(error).message)];
  }
}

async function foundIn(store: Store, root: string, before: Output, after: Output): Promise<string[]> {
  using scratch = temporaryFolder(store);
  const xz = await storedXz(store, root);
  const pathOf = (node: Output): string =>
    node.type === 'file' ? store.cas.path(node.digest) : store.folders.folder(node);
  const { findings, more } = await compareFiles(pathOf(before), pathOf(after), {
    limit: MOST_FINDINGS,
    scratch: scratch.path,
    ...(xz ? { xz } : {}),
  });
  return [...findings.map(formatFinding), ...(more ? ['and more'] : [])];
}
