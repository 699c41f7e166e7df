/** Who is alone with a folder of kept results. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Store } from '../../../cache/store.ts';
import { MemoUsers } from './memo-users.ts';

let folder: string;
let store: Store;
let users: MemoUsers;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dsmb-memo-'));
  store = new Store(folder);
  users = new MemoUsers(store);
});
afterEach(() => rmSync(folder, { recursive: true }));

it('an action is alone unless another runs with the same folder', () => {
  using one = users.enter('a');
  using _elsewhere = users.enter('b');
  expect(one.isAlone()).toBe(true);
  {
    using other = users.enter('a');
    expect([one.isAlone(), other.isAlone()]).toEqual([false, false]);
  }
  expect(one.isAlone()).toBe(true);
});

it('nobody is alone beside another build, whose actions are not known', () => {
  using _build = store.use();
  using one = users.enter('a');
  expect(one.isAlone()).toBe(true);
  mkdirSync(join(folder, 'present.v1'), { recursive: true });
  writeFileSync(join(folder, 'present.v1', `of-another-machine-0-${Date.now()}.build`), '');
  expect(one.isAlone()).toBe(false);
});
