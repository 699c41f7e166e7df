/** The ledger keeps, forgets, and spares work; nothing in it is needed. */
import { readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Store } from '../../cache/store.ts';
import { digest } from '../model/digest.ts';
import type { Entry } from './entry.ts';
import { Ledger } from './ledger.ts';
import { action, entryOf, Folder, REQUEST } from './made.test-helper.ts';

let folder: Folder;

beforeEach(() => {
  folder = new Folder();
});
afterEach(() => folder[Symbol.dispose]());

const open = (settings: readonly string[] = []): Ledger => new Ledger(new Store(folder.path), { ...REQUEST, settings });
const entryIn = (ledger: Ledger, name?: string): Entry => ledger.entry(name) as Entry;
const place = (): string => join(folder.path, 'ledger.v1');
const written = (): Map<string, number> =>
  new Map(readdirSync(place()).map((name) => [name.replace(/^.*\./, ''), statSync(join(place(), name)).ino]));

it('has nothing at first', () => {
  expect([open().entry(), open().family]).toEqual([undefined, {}]);
});

it('has an entry for each request of a family, and knows which was the last', () => {
  const [plain, set] = [entryOf([action('a')]), entryOf([action('b')])];
  open().keep(plain);
  open(['mac=1']).keep(set);
  expect([entryIn(open()).id, entryIn(open(['mac=1'])).id]).toEqual([plain.id, set.id]);
  expect(open().family).toEqual({ last: open(['mac=1']).name });
  expect(entryIn(open(), open().family.last).id).toBe(set.id);
});

it('writes again only what is another', () => {
  open().keep(entryOf([action('a')]));
  const before = written();
  const ledger = open();
  const entry = entryIn(ledger);
  ledger.keep(entry);
  expect(written()).toEqual(before);
  ledger.keep({ ...entry, results: [...entry.results] });
  expect([...written()].filter(([name, inode]) => before.get(name) !== inode).map(([name]) => name)).toEqual(['found']);
  ledger.keep(entryOf([action('a')]));
  expect(written().get('graph')).not.toBe(before.get('graph'));
});

it('knows what builds begin with, and why nothing was kept', () => {
  const tree = { type: 'directory', digest: digest('b'.repeat(64), 1) } as const;
  const first = { base: tree, inputs: new Map([['in', tree]]), memo: undefined, tools: tree };
  open().note({ first });
  open().note({ unkept: 'rules.ts:3 imports node:fs' });
  expect(open().family).toEqual({ first: { ...first, memo: undefined }, unkept: 'rules.ts:3 imports node:fs' });
  open().note({ first: undefined });
  expect(open().family).toEqual({ unkept: 'rules.ts:3 imports node:fs' });
  open().keep(entryOf([action('a')]));
  expect(open().family).toEqual({ last: open().name });
});

it('knows a family for as long as its builds are kept', () => {
  open().keep(entryOf([action('a')]));
  const family = join(
    place(),
    readdirSync(place()).find((name) => name.endsWith('.family'))!,
  );
  utimesSync(family, 1, 1);
  const ledger = open();
  ledger.keep(entryIn(ledger));
  expect(statSync(family).mtimeMs).toBeGreaterThan(1000);
});

it('may be deleted at any moment', () => {
  const ledger = open();
  ledger.keep(entryOf([action('a')]));
  const entry = entryIn(ledger);
  rmSync(place(), { recursive: true });
  expect([open().entry(), open().family]).toEqual([undefined, {}]);
  // One that goes on writes a part of it.
  ledger.keep({ ...entry, results: [...entry.results] });
  expect(open().entry()).toEqual({ because: expect.stringMatching(/is gone$/) });
  const next = entryOf([action('a')]);
  ledger.keep(next);
  expect(entryIn(open()).id).toBe(next.id);
});
