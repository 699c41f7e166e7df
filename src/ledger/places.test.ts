/** Places that count: links on the way, what is below a folder, what is not there. */
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Looks } from '../../cache/ways.ts';
import { Folder } from './made.test-helper.ts';
import { Places } from './places.ts';

let folder: Folder;
let places: Places;

beforeEach(() => {
  folder = new Folder();
  places = new Places(new Looks());
});
afterEach(() => folder[Symbol.dispose]());

const at = (name: string): string => join(folder.path, name);
const seen = (): string[] => [...places.seen].map((path) => path.slice(folder.path.length + 1)).sort();

it('are the links on the way and the end', () => {
  folder.write('real/file', '');
  symlinkSync('real', at('link'));
  places.path(at('link/file'));
  expect(seen()).toEqual(['link', 'real/file']);
});

it('are all places in a folder, and one where nothing is', () => {
  folder.write('tree/deep/file', '');
  places.tree(at('tree'));
  places.tree(at('none'));
  expect(seen()).toEqual(['none', 'tree', 'tree/deep', 'tree/deep/file']);
});

it('count as there, whatever is there, where it is asked whether anything is', () => {
  mkdirSync(at('there'));
  symlinkSync('there', at('link'));
  expect([places.exists(at('link')), places.exists(at('gone'))]).toEqual([true, false]);
  expect([seen(), [...places.present]]).toEqual([['gone', 'link'], [at('there')]]);
});

it('are for a module every package.json that would count, up to the one that does', () => {
  folder.write('package.json', '{}');
  folder.write('a/b/module.js', '');
  places.module(at('a/b/module.js'));
  expect(seen()).toEqual(['a/b/module.js', 'a/b/package.json', 'a/package.json', 'package.json']);
});

it('go on from those that are known', () => {
  const more = new Places(new Looks(), { seen: ['/a'], present: ['/b'] });
  more.exists(folder.path);
  expect([[...more.seen], [...more.present]]).toEqual([['/a'], ['/b', folder.path]]);
});
