/** Brings files on disk from one content to another, as editors, version control and scripts do it. */
import {
  chmodSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Content } from './model/content.ts';

/**
 * How files are written: into the same inode, as a new file that takes the place of the old one, with the old time of
 * modification, or with one of the future, as a wrong clock leaves it.
 */
export const MANNERS = ['in place', 'replaced', 'old time', 'future'] as const;
export type Manner = (typeof MANNERS)[number];

/** Makes a path hold other content; touches only what differs. */
export function bring(path: string, from: Content | undefined, to: Content | undefined, manner: Manner): void {
  if (isDeepStrictEqual(from, to)) return;
  if (from?.type === 'folder' && to?.type === 'folder') {
    for (const name of new Set([...Object.keys(from.entries), ...Object.keys(to.entries)]))
      bring(join(path, name), from.entries[name], to.entries[name], manner);
    return;
  }
  if (from && (from.type !== 'file' || to?.type !== 'file')) rmSync(path, { recursive: true });
  if (to) make(path, to, manner);
}

function make(path: string, content: Content, manner: Manner): void {
  switch (content.type) {
    case 'link':
      mkdirSync(dirname(path), { recursive: true });
      return symlinkSync(content.target, path);
    case 'folder':
      mkdirSync(path, { recursive: true });
      return Object.entries(content.entries).forEach(([name, entry]) => make(join(path, name), entry, manner));
    case 'file':
      mkdirSync(dirname(path), { recursive: true });
      return writeText(path, content.text, content.executable ? 0o755 : 0o644, manner);
  }
}

/** Writes a file in a manner. */
export function writeText(path: string, text: string, mode: number, manner: Manner): void {
  const before = lstatSync(path, { throwIfNoEntry: false });
  const written = manner === 'replaced' ? `${path}.new` : path;
  writeFileSync(written, text);
  chmodSync(written, mode);
  if (manner === 'old time' && before) utimesSync(path, before.atime, before.mtime);
  if (manner === 'future') utimesSync(path, FUTURE, FUTURE);
  if (manner === 'replaced') renameSync(written, path);
}

const FUTURE = new Date('2040-01-01');

/** Changes the time of a file or folder and nothing else. */
export function touch(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })) lutimesSync(path, new Date(), new Date());
}
