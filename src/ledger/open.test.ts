/** How a build begins: with what the ledger has, or with the build files; and what there is to say of it. */
import { readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { stampsOf } from '../../cache/stamps.ts';
import { Store } from '../../cache/store.ts';
import type { ActionNode } from '../analysis/action.ts';
import type { Entry } from './entry.ts';
import { Ledger } from './ledger.ts';
import { entryOf, Folder, REQUEST, touch } from './made.test-helper.ts';
import { openBuild } from './open.ts';
import type { Opened } from './opened.ts';
import type { Request } from './request.ts';

/** A rule of its own: what is imported by name, this process has twice. */
const BUILD_FILE = `
const kind = { name: 'File', shape: 'file' };
const text = (content) => ({
  ...{ type: 'target', kind, attributes: {}, validations: [], location: undefined },
  rule: { name: 'text', makes: kind, implement: (_, actions) => actions.write({ name: 'x', kind }, content) },
});
export const one = text('one');
export const two = text('two');
`;

let folder: Folder;
/** What each build reads again; a module is loaded once in a process. */
let settings: string;

beforeEach(() => {
  folder = new Folder();
  folder.write('.git/HEAD', '');
  folder.write('build.dsm.ts', BUILD_FILE);
  settings = folder.write('dsmb.params.json', '{}');
});
afterEach(() => folder[Symbol.dispose]());

let changed = 0;

function ledgerFor(more: Partial<Request> = {}): Ledger {
  const request = { ...REQUEST, folder: folder.path, operands: ['//one', '//two'], ...more };
  return new Ledger(new Store(`${folder.path}/store`), request);
}

function open(more: Partial<Request> = {}): Promise<Opened> {
  changed = 0;
  return openBuild(ledgerFor(more), () => changed++);
}

const actionsIn = ({ scope }: Opened): ActionNode[] => scope.targets.flatMap(({ label }) => scope.actionsOf(label));
const notes = (of: Opened): string[] => of.notes.map(({ because }) => because);
const phases = ({ scope }: Opened): string[] => scope.times.map(([phase]) => phase);

/** As a build would have left it, with other words of the first action. */
async function keep(seen: readonly string[], other?: (of: ActionNode) => ActionNode): Promise<Entry> {
  const [first, second] = actionsIn(await open());
  const entry = entryOf([other ? other(first!) : first!, second!]);
  const whole = { ...entry, ground: { ...entry.ground, seen, stamps: stampsOf(seen) } };
  ledgerFor().keep(whole);
  return whole;
}

it('begins with the build files where there is nothing else, and has nothing to say of it', async () => {
  const first = await open();
  expect([phases(first), notes(first), first.scope.settled.size, changed]).toEqual([['load', 'analyse'], [], 0, 0]);
  expect(actionsIn(first).map(({ label }) => label)).toEqual(['//one', '//two']);
});

it('goes on from the entry of the same request', async () => {
  await keep([settings]);
  const going = await open();
  expect([phases(going), notes(going), going.scope.settled.size, changed]).toEqual([['resume'], [], 2, 0]);
});

it('takes over what is the same where the parameters have changed, and says why it begins anew', async () => {
  await keep([settings], (of) => ({ ...of, work: { type: 'write', content: 'before' } }));
  touch(settings);
  const begun = await open();
  expect(phases(begun)).toEqual(['load', 'analyse']);
  expect(notes(begun)).toEqual([
    expect.stringMatching(/^it begins with the build files: .*dsmb\.params\.json has changed$/),
  ]);
  expect([...begun.scope.settled.keys()].map(({ label }) => label)).toEqual(['//two']);
  expect(changed).toBe(1);
});

it('says why nothing is taken over', async () => {
  await keep([settings], (of) => ({ ...of, mnemonic: 'Other' }));
  touch(settings);
  const begun = await open();
  expect(notes(begun).slice(1)).toEqual(['it takes nothing over: the action //one Write is new']);
  expect(begun.scope.settled.size).toBe(0);
});

it('takes nothing over where that was asked for', async () => {
  await keep([settings]);
  const begun = await open({ anew: '--check' });
  expect([notes(begun), begun.scope.settled.size, changed]).toEqual([
    ['it begins with the build files: --check'],
    0,
    0,
  ]);
});

it('says why nothing was kept of the last build', async () => {
  ledgerFor().note({ unkept: 'rules.ts:3 imports node:os' });
  expect(notes(await open())).toEqual([
    expect.stringMatching(
      /no entry of a build with these parameters; nothing was kept of the last build: rules\.ts:3 imports node:os$/,
    ),
  ]);
});

it('asked to begin anew, has nothing to say of the last build', async () => {
  ledgerFor().note({ unkept: 'rules.ts:3 imports node:os' });
  expect(notes(await open({ anew: '--check' }))).toEqual(['it begins with the build files: --check']);
});

it('says which file of the ledger is not whole, even where nothing else is known', async () => {
  await keep([settings]);
  const place = join(folder.path, 'store/ledger.v1');
  for (const name of readdirSync(place)) truncateSync(join(place, name), 10);
  expect(notes(await open())).toEqual([
    expect.stringMatching(/^it begins with the build files: .*\.graph is not whole$/),
    expect.stringMatching(/\.family is not whole$/),
  ]);
});

it('goes on where what is to be started ahead cannot be', async () => {
  await keep([settings]);
  touch(settings);
  const opened = await openBuild(ledgerFor(), () => {
    throw new Error('no helper');
  });
  expect(opened.notes.at(-1)).toMatchObject({ isDefect: true, because: expect.stringMatching(/^no helper/) });
});
