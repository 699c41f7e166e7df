/** Looks into what was delivered, where its stamps cannot tell whether it is as it was put there. */
import { createHash } from 'node:crypto';
import { createReadStream, lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Store } from '../../cache/store.ts';
import type { Node } from '../../cache/tree.ts';
import { DELIVERED_EXECUTABLE_MODE, DELIVERED_MODE } from '../../cache/cas.ts';
import { holdsDisk } from '../execute/action/assembled-disks.ts';
import type { Content } from './delivery-record.ts';

const PERMISSIONS = 0o7777;

/** Whether these paths below a folder hold what they have of some content. What cannot be read does not. */
export async function holdsContent(
  store: Store,
  folder: string,
  content: Content,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<boolean> {
  try {
    for (const path of paths) {
      signal.throwIfAborted();
      if (!(await holds(store, join(folder, path), content, path, signal))) return false;
    }
    return true;
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).errno !== 'number') throw error;
    return false;
  }
}

async function holds(
  store: Store,
  at: string,
  { node, name }: Content,
  path: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (name !== '' && path === '') return hasNames(at, [name]);
  const expected = name === '' ? store.trees.lookup(node, path) : path === name ? node : undefined;
  switch (expected?.type) {
    case undefined:
      return false;
    case 'symlink':
      return lstatSync(at).isSymbolicLink() && readlinkSync(at) === expected.target;
    case 'directory':
      if (name !== '') return holdsDisk(store, expected, at);
      return hasNames(at, [...store.trees.entries(expected.digest).keys()]);
    case 'file':
      return holdsFile(at, expected, signal);
  }
}

function hasNames(folder: string, names: readonly string[]): boolean {
  const there = new Set(lstatSync(folder).isDirectory() ? readdirSync(folder) : undefined);
  return there.size === names.length && names.every((name) => there.has(name));
}

async function holdsFile(
  path: string,
  { digest, executable }: Node & { readonly type: 'file' },
  signal: AbortSignal,
): Promise<boolean> {
  const stats = lstatSync(path);
  const mode = executable ? DELIVERED_EXECUTABLE_MODE : DELIVERED_MODE;
  if (!stats.isFile() || stats.size !== digest.size || (stats.mode & PERMISSIONS) !== mode) return false;
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, signal })) hash.update(chunk as Buffer);
  return hash.digest('hex') === digest.hash;
}
