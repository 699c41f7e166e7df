/** From what is there to what is wanted: the changes in the order to make them. */
import type { FileSystem, FileSystemEntry } from 'dsmb/disk';
import { fail } from 'dsmb/step';
import type { Late, Rights, Wanted } from './wanted.ts';

/** One change of a file system. Paths are relative to its root. */
export type Change =
  | { readonly type: 'remove-file'; readonly path: string }
  | { readonly type: 'remove-folder'; readonly path: string }
  | { readonly type: 'lay'; readonly late: Late }
  | { readonly type: 'rights'; readonly path: string; readonly of: Late['type']; readonly rights: Rights };

type Removal = Change & { readonly type: 'remove-file' | 'remove-folder' };

/** Fails with DISK_CHANGE where something else is in the way. */
export function changesOf({ lay, remove, rights }: Wanted, there: FileSystem): Change[] {
  // What is in a folder that goes, goes with it.
  const outermost = remove.filter((path) => !remove.some((other) => path.startsWith(`${other}/`)));
  const removed = [...new Set(outermost)].flatMap((path) => removals(path, there));
  const gone = new Set(removed.map(({ path }) => path));
  const typeOf = (path: string): FileSystemEntry['type'] | undefined =>
    gone.has(path) ? undefined : there.find(path)?.type;
  const isLaid = new Set<string>();
  const laid = lay.flatMap((late) => {
    const changes = layings(late, typeOf(late.path));
    if (changes.length > 0) isLaid.add(late.path);
    return changes;
  });
  const others = [...rights].filter(([path]) => !isLaid.has(path));
  const changed = others.map(([path, right]): Change => {
    const of = typeOf(path);
    if (of === undefined || of === 'special')
      return fail('DISK_CHANGE', `there is no /${path} whose mode or owner could be set`);
    return { type: 'rights', path, of, rights: right };
  });
  return [...removed, ...laid, ...changed];
}

/** What is in a folder goes before it. What is not there is gone already. */
function removals(path: string, there: FileSystem): Removal[] {
  const found = there.find(path);
  if (!found) return [];
  if (found.type !== 'directory') return [{ type: 'remove-file', path }];
  const below = [...there.walk(path)].map((entry): Removal => {
    const at = `${path}/${entry.path}`;
    return entry.type === 'directory' ? { type: 'remove-folder', path: at } : { type: 'remove-file', path: at };
  });
  return [...below.toReversed(), { type: 'remove-folder', path }];
}

/** A folder that is there stays as it is. */
function layings(late: Late, there: string | undefined): Change[] {
  const lay: Change = { type: 'lay', late };
  if (there === undefined) return [lay];
  if (late.type === 'directory' && there === 'directory') return [];
  if (late.type === 'directory' || there === 'directory')
    fail('DISK_CHANGE', `/${late.path} is a ${there} there, and a ${late.type} is to be laid`, {
      hint: there === 'symlink' ? 'lay the files where the link leads' : `remove: ['/${late.path}']`,
    });
  return [{ type: 'remove-file', path: late.path }, lay];
}
