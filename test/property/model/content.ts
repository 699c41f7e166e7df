/** Files as plain data: what sources hold, what outputs should hold, and what is found. */
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

export type Content =
  | { readonly type: 'file'; readonly text: string; readonly executable: boolean }
  | { readonly type: 'link'; readonly target: string }
  | Folder;

export interface Folder {
  readonly type: 'folder';
  /** Sorted by name. */
  readonly entries: Readonly<Record<string, Content>>;
}

export const file = (text: string, executable = false): Content => ({ type: 'file', text, executable });
export const link = (target: string): Content => ({ type: 'link', target });
export const folder = (entries: Readonly<Record<string, Content>>): Folder => ({
  type: 'folder',
  entries: Object.fromEntries(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1))),
});

/** What is at a path (`a/b`); follows no links. */
export function at(content: Content | undefined, path: string): Content | undefined {
  return path
    .split('/')
    .reduce<Content | undefined>((of, name) => (of?.type === 'folder' ? of.entries[name] : undefined), content);
}

/** The folder with other content at a path, or without it. Folders on the way are made; what is no folder stays. */
export function put(of: Folder, path: string, content: Content | undefined): Folder {
  const [name = '', ...rest] = path.split('/');
  const there = of.entries[name];
  const { [name]: _gone, ...others } = of.entries;
  if (rest.length === 0) return folder(content ? { ...others, [name]: content } : others);
  if (!content && there?.type !== 'folder') return of;
  const inner = there?.type === 'folder' ? there : folder({});
  return folder({ ...others, [name]: put(inner, rest.join('/'), content) });
}

/** All texts of files in it. */
export function textsOf(content: Content): string[] {
  if (content.type === 'link') return [];
  return content.type === 'file' ? [content.text] : Object.values(content.entries).flatMap(textsOf);
}

/** What is on disk at a path; undefined where there is nothing. */
export function readContent(path: string): Content | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (!stats) return undefined;
  if (stats.isSymbolicLink()) return link(readlinkSync(path));
  if (stats.isFile()) return file(readFileSync(path, 'utf8'), (stats.mode & 0o100) !== 0);
  return folder(Object.fromEntries(readdirSync(path).map((name) => [name, readContent(join(path, name))!])));
}
