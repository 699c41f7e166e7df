/** What single actions read, and who reads it. */
import { mkdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { areUnknown } from '../../cache/stamps.ts';
import { Store } from '../../cache/store.ts';
import { ArtifactReference, type ActionNode } from '../analysis/action.ts';
import { Tree } from '../model/kinds.ts';
import { action, Folder, outputOf, sourceOf } from './made.test-helper.ts';
import { look, readingsOf } from './readings.ts';

it('are the sources and the steps of artifacts, with the actions that read them', () => {
  const composed = new ArtifactReference(Tree, { type: 'compose', entries: new Map([['x', sourceOf('/s/one')]]) });
  const step: ActionNode = {
    ...action('step'),
    work: { type: 'step', module: new URL('file:///s/a.step.ts'), args: {}, hints: {} },
    inputs: new Map([['of', composed]]),
  };
  const over: ActionNode = { ...action('over', [step]), toolchains: [sourceOf('/s/two')] };
  const both: ActionNode = { ...action('both', [step, over]), inputs: new Map([['of', sourceOf('/s/one')]]) };
  const readings = readingsOf([outputOf(both), outputOf(over), sourceOf('/s/alone')]);
  const found = [...readings].map(([reading, readers]) => [
    reading.path,
    [...readers].map(({ label }) => label).sort(),
  ]);
  expect(new Map(found as [string, string[]][])).toEqual(
    new Map([
      ['/s/one', ['//both', '//step']],
      ['/s/two', ['//over']],
      ['/s/a.step.ts', ['//step']],
      ['/s/alone', []],
    ]),
  );
});

it('are unknown where they have changed since this process began, or are not known', () => {
  using folder = new Folder();
  mkdirSync(join(folder.path, 'tree'));
  const store = new Store(join(folder.path, 'store'));
  const fresh = look(store, { type: 'source', path: folder.write('tree/a', '') });
  expect([fresh.paths, areUnknown(fresh.stamps)]).toEqual([[join(folder.path, 'tree/a')], true]);
  expect(fresh.doubt).toMatch(/ has just changed$/);
  const later = folder.write('later', '');
  utimesSync(later, 1, Date.now() / 1000 + 3600);
  expect(look(store, { type: 'source', path: later }).doubt).toMatch(/later has a time in the future$/);
  const step = look(store, { type: 'step', path: join(folder.path, 'none.step.ts') });
  expect([step.paths, areUnknown(step.stamps)]).toEqual([[join(folder.path, 'none.step.ts')], true]);
  expect(step.doubt).toMatch(/^it is not known which modules make .*none\.step\.ts$/);
});

it('are of a source all that decides what it is', () => {
  using folder = new Folder();
  const store = new Store(join(folder.path, 'store'));
  const { paths, stamps } = look(store, { type: 'source', path: '/usr/bin/env' });
  expect(paths.at(-1)).toMatch(/\/env$/);
  expect(areUnknown(stamps)).toBe(false);
});
