/** A link of a tree leads where the kernel would go, and out of the tree if any part of the way does. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { captureBytes } from './capture.ts';
import { endOfWay, escapingLink } from './links.ts';
import { Store } from './store.ts';
import type { Node } from './tree.ts';

const folder = mkdtempSync(join(tmpdir(), 'dsmb-links-'));
const store = new Store(folder);
const file = captureBytes(store.cas, Buffer.from('content'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A tree with the file `a/b/c/file` and these links. */
function treeWith(links: Readonly<Record<string, string>>): Node {
  const nodes = Object.entries(links).map(([path, target]) => [path, { type: 'symlink', target }] as const);
  return store.trees.build([['a/b/c/file', file], ...nodes]);
}

const UP = { 'a/b/c/up': '../../..', 'a/round': 'round', 'a/etc': '/etc' };

describe('a link in a', () => {
  it.each([
    ['to something beside it', 'b/c/file'],
    ['by a detour inside', './b//../b/c/../c/file'],
    ['over another link', 'b/c/up/a/b/c/file'],
    ['back to the top and down again', '../a/b/c/file'],
  ])('%s leads there', (_what, target) => {
    expect(endOfWay(store.trees, treeWith(UP), 'a', target)).toEqual(file);
  });

  it.each([
    ['to nothing', 'nothing'],
    ['below a file', 'b/c/file/more'],
    ['in a circle', 'round'],
  ])('%s leads nowhere', (_what, target) => {
    expect(endOfWay(store.trees, treeWith(UP), 'a', target)).toBeUndefined();
  });

  it.each([
    ['from the root', '/a/b/c/file'],
    ['above the top', '../../outside'],
    ['above the top and in again', '../../tree/a/b/c/file'],
    ['with more .. than there are folders', '../../../../../../../a/b'],
    ['over another link', 'b/c/up/../outside'],
    ['over a link to the root', 'etc/passwd'],
    ['over nothing', 'nothing/../../../outside'],
  ])('%s leads out', (_what, target) => {
    expect(endOfWay(store.trees, treeWith(UP), 'a', target)).toBe('outside');
  });
});

it('the first link that leads out of a tree is found, whatever stands in it; one from the root is the business of others', () => {
  expect(escapingLink(store.trees, treeWith(UP))).toBeUndefined();
  const links = { ...UP, 'a/b/out': 'c/up/../outside' };
  expect(escapingLink(store.trees, treeWith(links))).toEqual({ path: 'a/b/out', target: 'c/up/../outside' });
});
