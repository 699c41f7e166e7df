/** A program of a toolchain runs on the machine with its own loader and libraries: what it needs of the tree. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { captureBytes } from '../../../cache/capture.ts';
import { Store } from '../../../cache/store.ts';
import type { Node } from '../../../cache/tree.ts';
import { partForHost } from './host-program.ts';

const folder = mkdtempSync(join(tmpdir(), 'dsmb-host-program-'));
const store = new Store(join(folder, 'store'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = captureBytes(store.cas, Buffer.from('a file'), true);
const link = (target: string): Node => ({ type: 'symlink', target });

it('the program, the loader, the libraries beside each other, and the links of the root', () => {
  const toolchain = store.trees.build([
    ['lib', link('usr/lib')],
    ['etc/ld.so.conf', file],
    ['usr/bin/bwrap', file],
    ['usr/bin/tar', file],
    ['usr/lib64/ld-linux-x86-64.so.2', link('../../lib/x86_64-linux-gnu/ld-linux-x86-64.so.2')],
    ['usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2', file],
    ['usr/lib/x86_64-linux-gnu/libcap.so.2', link('libcap.so.2.66')],
    ['usr/lib/x86_64-linux-gnu/libcap.so.2.66', file],
    ['usr/lib/x86_64-linux-gnu/gconv/UTF-7.so', file],
    ['usr/lib/apt/methods/http', file],
    ['usr/share/doc/tar/copyright', file],
  ]);
  const part = partForHost(store.trees, toolchain, 'usr/bin/bwrap');
  const paths = [...store.trees.walk(part)].filter(([, { type }]) => type !== 'directory').map(([path]) => path);
  expect(paths.toSorted()).toEqual([
    'lib',
    'usr/bin/bwrap',
    'usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2',
    'usr/lib/x86_64-linux-gnu/libcap.so.2',
    'usr/lib/x86_64-linux-gnu/libcap.so.2.66',
    'usr/lib64/ld-linux-x86-64.so.2',
  ]);
});
