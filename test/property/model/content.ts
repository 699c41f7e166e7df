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

/** What fills a large file stands for itself here: `<filling>` at the end of a text. */
const FILLING = '<filling>';
export const FILLING_BYTES = 8_500_000;
const filling = 'x'.repeat(FILLING_BYTES);

export const filled = (text: string): string => `${text}${FILLING}`;

/** The text that a file has on disk. */
export function inFull(text: string): string {
  return text.endsWith(FILLING) ? `${text.slice(0, -FILLING.length)}${filling}` : text;
}

/** The text of a file as it is written in here. */
export function shortened(text: string): string {
  return text.length >= FILLING_BYTES && text.endsWith(filling) ? filled(text.slice(0, -FILLING_BYTES)) : text;
}

/** What is on disk at a path; undefined where there is nothing. */
export function readContent(path: string): Content | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (!stats) return undefined;
  if (stats.isSymbolicLink()) return link(readlinkSync(path));
  if (stats.isFile()) return file(shortened(readFileSync(path, 'utf8')), (stats.mode & 0o100) !== 0);
  return folder(Object.fromEntries(readdirSync(path).map((name) => [name, readContent(join(path, name))!])));
}
