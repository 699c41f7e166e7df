/** Folders laid over each other, from real folders. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { layerEntries } from './layers.ts';

let root = '';
const at = (path: string): string => join(root, path);
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'layers-test-'));
  mkdirSync(at('below/etc/empty'), { recursive: true });
  mkdirSync(at('above/etc'), { recursive: true });
  writeFileSync(at('below/etc/rc'), 'old');
  writeFileSync(at('below/etc.conf'), '');
  writeFileSync(at('above/etc/rc'), 'newer');
  chmodSync(at('above/etc/rc'), 0o700);
  symlinkSync('rc', at('above/etc/link'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

it('lets a later folder win, adds links and folders, and sorts parents before what they hold', () => {
  const entries = layerEntries([at('below'), at('above')], { 'usr/bin/sh': 'busybox' }, ['proc']);
  expect(entries).toEqual([
    { path: 'etc', type: 'directory', mode: 0o755 },
    { path: 'etc.conf', type: 'file', mode: 0o644, size: 0, from: at('below/etc.conf') },
    { path: 'etc/link', type: 'symlink', mode: 0o777, target: 'rc' },
    { path: 'etc/rc', type: 'file', mode: 0o755, size: 5, from: at('above/etc/rc') },
    { path: 'proc', type: 'directory', mode: 0o755 },
    { path: 'usr', type: 'directory', mode: 0o755 },
    { path: 'usr/bin', type: 'directory', mode: 0o755 },
    { path: 'usr/bin/sh', type: 'symlink', mode: 0o777, target: 'busybox' },
  ]);
});
