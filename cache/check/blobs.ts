/** Checks blobs: name, content, mode and time. */
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { entriesOf, hashQuietly, statOf } from '../collect/quiet.ts';
import { isSealed, SEALED_EXECUTABLE_MODE, SEALED_MODE } from '../stamps.ts';
import type { Check, Finding } from './finding.ts';

const HASH = /^[0-9a-f]{64}$/;
const FOLDERS = ['cas.v1', 'exec.v1'] as const;
const MODES = { 'cas.v1': SEALED_MODE, 'exec.v1': SEALED_EXECUTABLE_MODE } as const;
type Folder = (typeof FOLDERS)[number];

/** Reads every blob. */
export async function checkBlobs(check: Check, onProgress?: (done: number, total: number) => void): Promise<void> {
  const files = FOLDERS.flatMap((folder) => [...blobFiles(check, folder)].map((name) => ({ folder, name })));
  for (const [index, { folder, name }] of files.entries()) {
    checkBlob(check, folder, name);
    onProgress?.(index + 1, files.length);
    // A heartbeat, and Ctrl-C, get their turn.
    if (index % 64 === 0) await setImmediate();
  }
}

/** Names of files that may be blobs, as `ab/abcd…`; what cannot be one is reported. */
function* blobFiles({ store, report }: Check, folder: Folder): Generator<string> {
  for (const shard of entriesOf(store.root, folder)) {
    if (!shard.isDirectory()) {
      report(foreign(`${folder}/${shard.name}`));
      continue;
    }
    for (const { name } of entriesOf(store.root, folder, shard.name))
      if (HASH.test(name) && name.startsWith(shard.name)) yield `${shard.name}/${name}`;
      else report(foreign(`${folder}/${shard.name}/${name}`));
  }
}

function checkBlob({ store, sound, broken, report }: Check, folder: Folder, name: string): void {
  const path = `${folder}/${name}`;
  const hash = name.slice(3);
  const finding = (problem: string, repair: Finding['repair']): void =>
    report({ kind: 'blob', path, problem, repair, keys: [] });
  const stats = statOf(join(store.root, path));
  if (!stats) return;
  if (!stats.isFile()) return finding('is not a file', 'remove');
  const actual = hashQuietly(join(store.root, path));
  if (actual === undefined) return finding('cannot be read', statOf(join(store.root, path)) ? 'none' : 'remove');
  if (actual !== hash) {
    // An action reads what looks untouched alone: damage that shows was met by nobody.
    if (isSealed(stats, MODES[folder])) broken.add(hash);
    return finding(`has other content (${stats.size} bytes, sha256 ${actual.slice(0, 12)}…)`, 'remove');
  }
  if (folder === 'cas.v1') sound.set(hash, stats.size);
  const mode = stats.mode & 0o7777;
  if (mode !== MODES[folder])
    return finding(`has mode ${mode.toString(8)} instead of ${MODES[folder].toString(8)}`, 'reset');
  if (!isSealed(stats, MODES[folder])) finding('was touched, but its content is right', 'reset');
}

export function foreign(path: string): Finding {
  return { kind: 'foreign', path, problem: 'does not belong to the store', repair: 'remove', keys: [] };
}
