/** Brings files on disk from one content to another, as editors, version control and scripts do it. */
import {
  chmodSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { inFull, readContent, type Content, type Folder } from './model/content.ts';

/**
 * How files change: in the same inode; as a new file that takes the place of the old one; with the old time of
 * modification; with one of the future, as a wrong clock leaves it. Or what is there becomes a link, to a new file or
 * folder or to one of those that it led to before. Or a file or a whole folder that was made before, with old times, takes
 * the place of the old one.
 */
export const MANNERS = ['in place', 'replaced', 'old time', 'future', 'linked', 'folder linked', 'swapped'] as const;
export type Manner = (typeof MANNERS)[number];

/** Folders that are replaced as a whole. */
const UNITS = new Set(['d0', 'd1', 'tool', 'lib', 'node_modules/noun', 'lib/node_modules/noun']);
/** In a source folder, a link is a link and not what it leads to. */
const SOURCE_FOLDERS = ['d0/', 'd1/', 'tool/'];

interface Change {
  /** Relative to the workspace. */
  readonly path: string;
  readonly from: Content | undefined;
  readonly to: Content | undefined;
}

/** Prepares what can be made beside the files that it will replace. The function that it gives does the rest, at once. */
export function prepareChange(root: string, from: Folder, to: Folder, manner: Manner): () => void {
  const whole = manner === 'folder linked' || manner === 'swapped';
  const steps = [...changes('', from, to, whole)].map((change) => prepare(root, change, manner));
  return () => steps.forEach((step) => step());
}

/** Touches only what differs. */
function* changes(path: string, from: Content | undefined, to: Content | undefined, whole: boolean): Generator<Change> {
  if (isDeepStrictEqual(from, to)) return;
  if (from?.type !== 'folder' || to?.type !== 'folder' || (whole && UNITS.has(path))) return yield { path, from, to };
  for (const name of new Set([...Object.keys(from.entries), ...Object.keys(to.entries)]))
    yield* changes(join(path, name), from.entries[name], to.entries[name], whole);
}

function prepare(root: string, { path, from, to }: Change, manner: Manner): () => void {
  const at = join(root, path);
  const mayLink = !SOURCE_FOLDERS.some((folder) => path.startsWith(folder));
  const isFile = from?.type === 'file' && to?.type === 'file';
  if (!to || to.type === 'link') return () => replace(at, () => to && make(at, to, 'in place'));
  if ((manner === 'linked' || manner === 'folder linked') && mayLink) {
    const target = beside(at, to);
    return () => replace(at, () => symlinkSync(target, at));
  }
  if (manner === 'swapped') {
    const aside = `${at}.new`;
    make(aside, to, 'long ago');
    return () => (isFile ? renameSync(aside, at) : replace(at, () => renameSync(aside, at)));
  }
  return isFile ? () => make(at, to, manner) : () => replace(at, () => make(at, to, manner));
}

/** The name of a file or folder beside a path that has this content: one that is there from an earlier time, or a new one. */
function beside(path: string, content: Content): string {
  for (let number = 1; ; number++) {
    const name = `${number}.${basename(path)}`;
    const there = readContent(join(dirname(path), name));
    if (!there) make(join(dirname(path), name), content, 'in place');
    if (!there || isDeepStrictEqual(there, content)) return name;
  }
}

function replace(path: string, make: () => void): void {
  rmSync(path, { recursive: true, force: true });
  mkdirSync(dirname(path), { recursive: true });
  make();
}

function make(path: string, content: Content, manner: Manner | 'long ago'): void {
  mkdirSync(dirname(path), { recursive: true });
  switch (content.type) {
    case 'link':
      return symlinkSync(content.target, path);
    case 'folder':
      mkdirSync(path);
      return Object.entries(content.entries).forEach(([name, entry]) => make(join(path, name), entry, manner));
    case 'file':
      return writeText(path, inFull(content.text), content.executable ? 0o755 : 0o644, manner);
  }
}

function writeText(path: string, text: string, mode: number, manner: Manner | 'long ago'): void {
  const before = statSync(path, { throwIfNoEntry: false });
  const written = manner === 'replaced' ? `${path}.new` : path;
  writeFileSync(written, text);
  chmodSync(written, mode);
  if (manner === 'old time' && before) utimesSync(path, before.atime, before.mtime);
  if (manner === 'future') utimesSync(path, FUTURE, FUTURE);
  if (manner === 'long ago') utimesSync(path, PAST, PAST);
  if (manner === 'replaced') renameSync(written, path);
}

/** Small inodes have no later times. */
const FUTURE = new Date('2037-01-01');
const PAST = new Date('2020-01-01');

/** Points a link elsewhere, in one step. */
export function point(path: string, target: string): void {
  if (lstatSync(path, { throwIfNoEntry: false }) && readlinkSync(path) === target) return;
  symlinkSync(target, `${path}.new`);
  renameSync(`${path}.new`, path);
}

/** Changes the time of a file or folder and nothing else. */
export function touch(path: string): void {
  try {
    lutimesSync(path, new Date(), new Date());
  } catch (error) {
    // There is nothing, or the way to it leads through a file, or through a link to itself.
    if (!/^E(NOENT|NOTDIR|LOOP)$/.test((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
