/** Whose a store is. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Store } from './store.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dsmb-store-of-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it('is its user’s alone, with its downloads', () => {
  const store = new Store(join(folder, 'above', 'store'), join(folder, 'downloads'));
  for (const path of [store.root, store.downloads]) expect(statSync(path).mode & 0o777).toBe(0o700);
});

it('is shared where somebody has made its folder so', () => {
  const root = join(folder, 'shared');
  mkdirSync(root);
  chmodSync(root, 0o2770);
  const store = new Store(root);
  expect(statSync(store.root).mode & 0o7777).toBe(0o2770);
});
