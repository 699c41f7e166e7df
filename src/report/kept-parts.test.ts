/** What is kept of a key in one clone explains it in another. */
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { digestOf } from '../../cache/cas.ts';
import { Store } from '../../cache/store.ts';
import { OWN_PACKAGE } from '../model/own-files.ts';
import { TestStore } from '../testing/store.ts';
import { explain } from './explain.ts';
import { keepForeignParts, keepParts, readParts, type KeptParts } from './kept-parts.ts';

let folder: TestStore;
let store: Store;
beforeEach(() => {
  folder = new TestStore();
  store = new Store(folder.folder);
});
afterEach(() => folder[Symbol.dispose]());

const KEY = digestOf(Buffer.from('key'));

/** Of a step with a helper and a module of dsmb, that reads a source and a folder of sources. */
function partsIn(workspace: string, helper: string): KeptParts {
  const at = (path: string): string => join(workspace, path);
  const source = (path: string) => ({ type: 'source', path: at(path) }) as const;
  const modules = {
    [at('make.step.ts')]: 'a',
    [at('helper.ts')]: helper,
    [join(OWN_PACKAGE, 'src/step/index.ts')]: 'b',
  };
  return {
    parts: [
      { kind: 'step', name: at('make.step.ts'), value: `bundle with ${helper}`, modules },
      { kind: 'input', name: 'text', value: 'text', origin: source('text.txt') },
      {
        kind: 'input',
        name: 'all',
        value: 'all',
        origin: { type: 'compose', entries: { a: source('a'), b: source('b') } },
      },
      { kind: 'argument', name: 'where', value: JSON.stringify(at('no path of ours')) },
    ],
    declared: { rule: 'make', location: { file: at('build.dsm.ts'), line: 3, column: 4 }, attributes: {} },
  };
}

it('is read with the paths of the workspace that asks', () => {
  keepParts(store, '/one', KEY, partsIn('/one', 'c'));
  const argument = partsIn('/one', 'c').parts.at(-1)!;
  const there = partsIn('/two/deeper', 'c');
  expect(readParts(store, '/two/deeper', KEY.hash)).toEqual({
    ...there,
    parts: [...there.parts.slice(0, -1), argument],
  });
  expect(readParts(store, '/one', KEY.hash)).toEqual(partsIn('/one', 'c'));
});

it('tells another clone what has changed, and nothing else', () => {
  const parts = (workspace: string, helper: string): KeptParts => {
    const { parts, declared } = partsIn(workspace, helper);
    return { declared, parts: parts.slice(0, -1) };
  };
  keepParts(store, '/one', KEY, parts('/one', 'old'));
  expect(explain(store, readParts(store, '/two', KEY.hash)!, parts('/two', 'new'))).toEqual([
    {
      kind: 'step',
      name: '/two/make.step.ts',
      before: 'bundle with old',
      after: 'bundle with new',
      details: [{ name: '/two/helper.ts', before: 'old', after: 'new' }],
    },
  ]);
});

it('leaves a path outside of both as it is', () => {
  keepParts(store, '/one', KEY, partsIn('/elsewhere', 'c'));
  expect(readParts(store, '/two', KEY.hash)).toEqual(partsIn('/elsewhere', 'c'));
});

it.each([
  ['text', { type: 'runtime' }, true],
  ['text', { type: 'compose', entries: { a: { type: 'debian', packages: ['x'] } } }, true],
  [5, undefined, false],
  ['text', null, false],
  ['text', { type: 'debian', packages: 'x' }, false],
  ['text', { type: 'action', label: '//x', mnemonic: 'M' }, false],
  ['text', { type: 'compose', entries: { a: { type: 'source', path: 1 } } }, false],
  ['text', { type: 'something' }, false],
])('of what another machine says, a value %j from %j is kept: %j', (value, origin, isKept) => {
  const parts = [{ kind: 'input', name: 'a', value, origin }];
  keepForeignParts(store, KEY.hash, JSON.stringify({ parts, declared: { rule: 'r', attributes: {} } }));
  expect(readParts(store, '/one', KEY.hash) !== undefined).toBe(isKept);
});
