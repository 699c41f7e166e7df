/** The text for the launcher is projected from an entry, after a build that did and said nothing of its own. */
import { existsSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { BuildEvent } from '../model/event.ts';
import { BuildRecorder } from '../report/history/recorder.ts';
import type { Entry } from './entry.ts';
import { LauncherText } from './launcher-text.ts';
import { action, entryOf, Folder } from './made.test-helper.ts';

let folder: Folder;
let path: string;

beforeEach(() => {
  folder = new Folder();
  path = join(folder.path, 'ledger.v1/text');
});
afterEach(() => folder[Symbol.dispose]());

/** Rests on what is older than this process. */
const ENTRY: Entry = { ...entryOf([action('all')], [['/usr/bin/env', [0]]], ['/usr/bin', '/no/where']), root: '/usr' };
const counts = { executed: 0, cached: 1, failed: 0, skipped: 0 };
const FINISHED: BuildEvent = { type: 'build-finished', success: true, durationMs: 1, counts };

function followed(...events: readonly BuildEvent[]): { text: LauncherText; recorder: BuildRecorder } {
  const header = { workspace: '/usr', asked: [], parameters: {}, startedAt: 1 };
  const recorder = new BuildRecorder(join(folder.path, 'history'), header);
  const text = new LauncherText(path);
  for (const event of [{ type: 'build-started', targets: [], actions: 1 } as const, ...events, FINISHED])
    for (const one of [recorder, text]) one.listen(event);
  return { text, recorder };
}

function save(entry: Entry, ...events: readonly BuildEvent[]): ReturnType<LauncherText['save']> {
  const { text, recorder } = followed(...events);
  return text.save(entry, recorder);
}

it('has lines of a letter and a text, then the paths that are looked at', () => {
  expect(save(ENTRY)).toBeUndefined();
  const [head = '', paths = ''] = readFileSync(path, 'utf8').split('\n.\n');
  expect(head.split('\n')[0]).toBe('dsmb-launcher 1');
  expect(head).toMatch(/^w\/usr$/m);
  expect(head).toMatch(/^s[0-9a-f]{64} -$/m);
  expect(head).toMatch(/^bbuild succeeded in \na: 1 action \(0 executed, 1 cached\)$/m);
  expect(paths.split('\0')).toEqual(expect.arrayContaining(['bin', '/no/where', 'bin/env', 'dsmb-out']));
});

it.each<readonly [string, BuildEvent]>([
  ['warned', { type: 'warning', message: 'of something' }],
  [
    'ran something',
    {
      type: 'action-started',
      label: '//a' as never,
      mnemonic: 'M',
      ordinal: 0,
      key: 'k/1',
      vm: false,
      planMs: 1,
      waitedMs: 1,
    },
  ],
])('is removed after a build that %s', (_what, event) => {
  folder.write('ledger.v1/text', 'of an earlier one');
  expect(save(ENTRY, event)).toBeUndefined();
  expect(existsSync(path)).toBe(false);
});

it('is written after a build that said why it began with the build files', () => {
  expect(save(ENTRY, { type: 'note', message: 'it begins with the build files' })).toBeUndefined();
  expect(existsSync(path)).toBe(true);
});

it('is none after a build whose record was cut', () => {
  const { text, recorder } = followed();
  truncateSync(recorder.file, 40);
  expect(text.save(ENTRY, recorder)).toEqual({ because: `${recorder.file} is not whole` });
});

it('is none, with a reason, where what it rests on is not sure', () => {
  const fresh = folder.write('fresh', '');
  expect(save({ ...entryOf([action('all')], [], [fresh]), root: '/usr' })?.because).toMatch(/fresh has just changed$/);
  const doubt = 'it is not known which modules make fresh';
  const unknown = {
    ...entryOf([action('all')], [[fresh, [0]]]),
    looked: [{ paths: [fresh], stamps: new Float64Array(6).fill(NaN), doubt }],
  };
  expect(save(unknown)?.because).toBe(doubt);
  const odd = { ...ENTRY, ground: { ...ENTRY.ground, seen: ['/a\nb'] } };
  expect(save(odd)?.because).toMatch(/^there is a line break in "/);
  const other = { ...ENTRY, ground: { ...ENTRY.ground, stamps: ENTRY.ground.stamps.map((one) => one + 1) } };
  expect(save(other)?.because).toBe('something has changed since the build looked at it');
  expect(existsSync(path)).toBe(false);
});
