/** Damage to a store, as bad disks and alien hands do it. */
import { createHash } from 'node:crypto';
import { rmSync, statSync } from 'node:fs';
import { cut, flip } from '../rig/damage.ts';
import type { TestStore } from '../rig/index.ts';
import { inFull } from './model/content.ts';

export const DAMAGES = ['flip', 'cut', 'remove'] as const;
export type Damage = (typeof DAMAGES)[number];

/** Damages the blob of a text; false where the store has none that could be damaged. */
export function damage(store: TestStore, text: string, how: Damage): boolean {
  const path = store.blob(createHash('sha256').update(inFull(text)).digest('hex'));
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats || stats.size === 0) return false;
  if (how === 'remove') rmSync(path);
  else if (how === 'cut') cut(path, stats.size - 1);
  else flip(path, 0);
  return true;
}
