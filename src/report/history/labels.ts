/** Whose action a key is, as far as recorded builds of any workspace tell. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Store } from '../../../cache/store.ts';
import { BuildHistory } from './history.ts';

/** Labels by the hash of an action key. */
export function labelsByKey(store: Store): Map<string, Set<string>> {
  const labels = new Map<string, Set<string>>();
  for (const workspace of namesIn(join(store.root, 'builds.v1')))
    for (const { actions } of new BuildHistory(join(store.root, 'builds.v1', workspace)).newestFirst())
      for (const { key, label } of actions) if (key) add(labels, key.split('/')[0]!, label);
  return labels;
}

function add(labels: Map<string, Set<string>>, key: string, label: string): void {
  const known = labels.get(key) ?? new Set();
  labels.set(key, known.add(label));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
