/** Damage to a store, as bad disks and alien hands do it. */
import { createHash } from 'node:crypto';
import { chmodSync, closeSync, openSync, readSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs';
import type { TestStore } from '../rig/index.ts';
import type { Damage } from './arbitrary.ts';

/** Damages the blob of a text; false where the store has none that could be damaged. */
export function damage(store: TestStore, text: string, how: Damage): boolean {
  const path = store.blob(createHash('sha256').update(text).digest('hex'));
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats || stats.size === 0) return false;
  if (how === 'remove') rmSync(path);
  else if (how === 'cut') truncateSync(path, stats.size - 1);
  else flip(path, stats.mode);
  return true;
}

/** As a program that writes to it would: the size stays. */
function flip(path: string, mode: number): void {
  chmodSync(path, 0o600);
  const file = openSync(path, 'r+');
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, 0);
  writeSync(file, Buffer.from([byte[0]! ^ 1]), 0, 1, 0);
  closeSync(file);
  chmodSync(path, mode);
}
