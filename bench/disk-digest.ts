/** What the digest of a disk costs: of all of it, and after one block has changed. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { hashFile } from '../cache/files.ts';
import { Store } from '../cache/store.ts';
import type { Node } from '../cache/tree.ts';
import { rawToDisk } from '../src/disk/index.ts';
import { median, timed } from './timing.ts';

export interface DigestCost {
  readonly what: string;
  /** Blocks hashed. */
  readonly blocks: number;
  readonly bytes: number;
  readonly ms: number;
}

const RUNS = 5;
const BLOCK = 1024 * 1024;

/** Makes a disk artifact of a raw file in a scratch folder, and takes its digest both ways, as the engine does. */
export function digestCosts(raw: string, scratch: string): { full: DigestCost; changed: DigestCost } {
  rmSync(scratch, { recursive: true, force: true });
  const store = new Store(join(scratch, 'store'));
  const folder = join(scratch, 'disk');
  rawToDisk(raw, folder);
  const blocks = readdirSync(join(folder, 'blocks'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.includes('/'),
  );
  const whole = repeat(() => digestOf(store, folder));
  const changed = blocks[Math.floor(blocks.length / 2)] ?? '';
  const path = ['blocks', ...changed.split('/')];
  const one = repeat(() => replaceBlock(store, whole.value, path, join(folder, ...path)));
  const cost = (what: string, count: number, ms: number) => ({ what, blocks: count, bytes: count * BLOCK, ms });
  return {
    full: cost('full', blocks.length, whole.ms),
    changed: cost('one block changed', 1, one.ms),
  };
}

/** Digest of a folder: every file is hashed. */
function digestOf(store: Store, folder: string): Node {
  const entries = readdirSync(folder, { withFileTypes: true }).map((entry): [string, Node] => {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) return [entry.name, digestOf(store, path)];
    return [entry.name, { type: 'file', digest: hashFile(path), executable: false }];
  });
  return store.trees.store(new Map(entries));
}

/** Digest after one file has changed: it and the folders above it are hashed. */
function replaceBlock(store: Store, at: Node, [name = '', ...below]: readonly string[], file: string): Node {
  if (at.type !== 'directory') throw new Error(`there is no folder that holds ${name}`);
  const entries = new Map(store.trees.entries(at.digest));
  const child = entries.get(name);
  if (!child) throw new Error(`there is no ${name}`);
  const node: Node =
    below.length > 0
      ? replaceBlock(store, child, below, file)
      : { type: 'file', digest: hashFile(file), executable: false };
  entries.set(name, node);
  return store.trees.store(entries);
}

function repeat(call: () => Node): { ms: number; value: Node } {
  const runs = Array.from({ length: RUNS }, () => timed(call));
  const last = runs.at(-1);
  if (!last) throw new Error('nothing was run');
  return { ms: median(runs.map(({ ms }) => ms)), value: last.value };
}
