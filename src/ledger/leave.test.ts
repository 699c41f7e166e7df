/** What a build leaves, and what it says of what it cannot leave. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Store } from '../../cache/store.ts';
import { digest } from '../model/digest.ts';
import { leave } from './leave.ts';
import { Ledger } from './ledger.ts';
import { action, entryOf, Folder, REQUEST } from './made.test-helper.ts';
import type { Opened } from './opened.ts';

let folder: Folder;
let ledger: Ledger;

beforeEach(() => {
  folder = new Folder();
  ledger = new Ledger(new Store(folder.path), REQUEST);
});
afterEach(() => folder[Symbol.dispose]());

type Ended = Parameters<typeof leave>[2];

const tree = { type: 'directory', digest: digest('b'.repeat(64), 1) } as const;
const firstStep = { base: tree, inputs: new Map(), memo: '/memo', tools: tree };
const ENDED = { success: true, ran: false, firstStep: undefined, settledBy: () => undefined, text: undefined } as const;
const ended = (more: Partial<Ended> = {}): Ended => ({ ...ENDED, recorder: undefined as never, ...more });
const opened = (left: Opened['leave']): Opened => ({ scope: undefined as never, notes: [], leave: left });
const entry = entryOf([action('a')]);

it('is an entry of a build that went well, and the first step of one that ran anything', () => {
  expect(
    leave(
      ledger,
      opened(() => entry),
      ended({ ran: true, firstStep }),
    ),
  ).toEqual([]);
  expect(ledger.entry()).toMatchObject({ id: entry.id });
  expect(ledger.family).toEqual({ first: firstStep, last: ledger.name });
});

it('is not an entry of one that failed', () => {
  expect(
    leave(
      ledger,
      opened(() => entry),
      ended({ success: false, ran: true, firstStep }),
    ),
  ).toEqual([]);
  expect(ledger.entry()).toBeUndefined();
  expect(ledger.family).toEqual({ first: firstStep });
});

it('is why there is none, and that is said at once', () => {
  const because = 'rules.ts:3 imports node:fs';
  expect(
    leave(
      ledger,
      opened(() => ({ because })),
      ended(),
    ),
  ).toEqual([{ because: `nothing is kept of this build: ${because}` }]);
  expect(ledger.family).toEqual({ unkept: because });
});

it('is nothing in a store that cannot be written, which is said as often as it is tried', () => {
  writeFileSync(join(folder.path, 'ledger.v1'), 'no folder');
  const said = leave(
    ledger,
    opened(() => entry),
    ended({ ran: true, firstStep }),
  );
  expect(said.map(({ isDefect }) => isDefect)).toEqual(said.map(() => undefined));
  expect(said.map(({ because }) => because).join('\n')).toMatch(/nothing is kept of this build: .*(EEXIST|ENOTDIR)/);
});

it('is an entry, too, when the machine was busy between looks at both clocks; none when the clock was set', () => {
  const now = Date.now.bind(Date);
  let looks = 0;
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => {
    const until = looks++ === 0 ? performance.now() + 60 : 0;
    while (performance.now() < until);
    return now();
  });
  const left = opened(() => entry);
  expect(leave(ledger, left, ended())).toEqual([]);
  clock.mockImplementation(() => now() + 1000);
  expect(leave(ledger, left, ended())).toEqual([
    { because: 'nothing is kept of this build: the clock was set while it ran' },
  ]);
  clock.mockRestore();
});

it('tells a defect of ours from it', () => {
  const broken = opened(() => (undefined as never as { x: never }).x);
  expect(leave(ledger, broken, ended())).toMatchObject([{ isDefect: true }]);
});
