/** Files are durable when somebody was told that they are. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Unsynced } from './unsynced.ts';

let folder: string;
let syncs: (() => void)[];
let unsynced: Unsynced;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dsmb-unsynced-'));
  syncs = [];
  unsynced = new Unsynced();
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A sync that ends when the test says so. */
const syncAll = (): Promise<void> => new Promise((resolve) => syncs.push(resolve));

function addFiles(count: number): void {
  for (let i = 0; i < count; i++) {
    const path = join(folder, `${i}`);
    writeFileSync(path, '');
    unsynced.add(path);
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 10));

it('many files are one sync', async () => {
  addFiles(1000);
  const synced = unsynced.sync(syncAll);
  await turn();
  expect(syncs).toHaveLength(1);
  syncs[0]!();
  await synced;
  await unsynced.sync(syncAll);
  expect(syncs).toHaveLength(1);
});

it('few files need no sync of everything, and one that is gone is not an error', async () => {
  addFiles(3);
  rmSync(join(folder, '1'));
  await unsynced.sync(syncAll);
  expect(syncs).toHaveLength(0);
});

it('who comes while others are synced waits for them', async () => {
  addFiles(100);
  const [first, second] = [unsynced.sync(syncAll), unsynced.sync(syncAll)];
  let done = false;
  void second.then(() => (done = true));
  await turn();
  expect(done).toBe(false);
  syncs[0]!();
  await Promise.all([first, second]);
});

it('what could not be synced is tried again', async () => {
  addFiles(100);
  await expect(unsynced.sync(() => Promise.reject(new Error('EIO')))).rejects.toThrow('EIO');
  const again = unsynced.sync(syncAll);
  await turn();
  expect(syncs).toHaveLength(1);
  syncs[0]!();
  await again;
});

it('a file that is on its way is waited for', async () => {
  unsynced.addSyncing(Promise.reject(new Error('ENOSPC')));
  await expect(unsynced.sync()).rejects.toThrow('ENOSPC');
});
