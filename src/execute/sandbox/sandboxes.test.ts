/** Folders of sandboxes are used again, and nothing of one action is seen by the next. */
import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { captureBytes } from '../../../cache/capture.ts';
import { Store } from '../../../cache/store.ts';
import { Sandboxes, type Sandbox } from './sandboxes.ts';

const NOTHING = { inputs: new Map(), files: new Map() };
let store: Store;
let sandboxes: Sandboxes;

beforeEach(() => {
  store = new Store(mkdtempSync(join(tmpdir(), 'dsmb-sandboxes-')));
  sandboxes = new Sandboxes(store);
});
afterEach(() => rmSync(store.root, { recursive: true }));

/** Lets one action do its work, and gives the folders of the next. */
function after(work: (sandbox: Sandbox) => void): Sandbox {
  {
    using sandbox = sandboxes.layOut(NOTHING);
    work(sandbox);
  }
  return sandboxes.layOut(NOTHING);
}

it('a hundred actions, one after the other, need one sandbox', () => {
  const node = captureBytes(store.cas, Buffer.from('input'));
  for (let i = 0; i < 100; i++) {
    using sandbox = sandboxes.layOut({ inputs: new Map([['a', node]]), files: new Map([['step.mjs', node]]) });
    expect([readdirSync(sandbox.in), readdirSync(sandbox.dsmb)]).toEqual([['a'], ['step.mjs']]);
    writeFileSync(join(sandbox.out, 'file'), '');
    expect(readdirSync(store.folder('sandboxes'))).toHaveLength(1);
  }
  sandboxes[Symbol.dispose]();
  expect(readdirSync(store.folder('sandboxes'))).toEqual([]);
});

it('two at once have two', () => {
  using one = sandboxes.layOut(NOTHING);
  using other = sandboxes.layOut(NOTHING);
  expect(one.folder).not.toBe(other.folder);
});

/** Its owner cannot look into it either. */
function leaveLocked(folder: string): void {
  mkdirSync(join(folder, 'left/x'), { recursive: true });
  chmodSync(join(folder, 'left'), 0);
}

it.each<[string, (folder: string) => void]>([
  ['a file', (folder) => writeFileSync(join(folder, 'left'), '')],
  ['a locked folder', leaveLocked],
  ['another mode', (folder) => chmodSync(folder, 0o700)],
])('%s in /tmp or of it is not seen by the next action', (_what, work) => {
  const fresh = lstatSync(sandboxes.layOut(NOTHING).tmp).mode;
  const next = after(({ tmp, out, log }) => {
    for (const folder of [tmp, out]) work(folder);
    writeFileSync(log, 'said');
  });
  for (const folder of [next.tmp, next.out]) {
    expect(readdirSync(folder)).toEqual([]);
    expect(lstatSync(folder).mode).toBe(fresh);
  }
  expect(existsSync(next.log)).toBe(false);
});

it('all go at the end, also one that a process still has', () => {
  const held = sandboxes.layOut(NOTHING);
  sandboxes[Symbol.dispose]();
  expect(readdirSync(store.folder('sandboxes'))).toEqual([]);
  held[Symbol.dispose]();
  expect(readdirSync(store.folder('sandboxes'))).toEqual([]);
});

it('an untouched /tmp serves again', () => {
  let before = 0;
  const next = after(({ tmp }) => (before = lstatSync(tmp).ctimeMs));
  expect(lstatSync(next.tmp).ctimeMs).toBe(before);
});
