import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { missingLoader } from './missing-loader.ts';

const LOADER = '/lib64/ld-linux-x86-64.so.2';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'dsmb-loader-'));
  // A real program, which names its loader.
  mkdirSync(join(root, 'usr/bin'), { recursive: true });
  copyFileSync('/bin/true', join(root, 'usr/bin/program'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

test('a program whose loader is not there is named with it', () => {
  const lacking = { program: '/usr/bin/program', loader: LOADER };
  expect(missingLoader(root, 'program')).toEqual(lacking);
  expect(missingLoader(root, '/usr/bin/program')).toEqual(lacking);
  write('usr/lib64/ld-linux-x86-64.so.2', 'loader');
  expect(missingLoader(root, 'program')).toEqual(lacking);
  symlinkSync('usr/lib64', join(root, 'lib64'));
  expect(missingLoader(root, 'program')).toBeUndefined();
});

test('a script is started by its interpreter, which has a loader of its own', () => {
  write('usr/sbin/script', '#! /usr/bin/sh -e\nexit\n');
  expect(missingLoader(root, 'script')).toEqual({ program: '/usr/sbin/script', loader: '/usr/bin/sh' });
  copyFileSync('/bin/true', join(root, 'usr/bin/sh'));
  expect(missingLoader(root, 'script')).toEqual({ program: '/usr/bin/sh', loader: LOADER });
});

test('nothing outside of the root is looked at', () => {
  expect(missingLoader(root, '/../../../../../../bin/true')).toBeUndefined();
  symlinkSync('/bin/true', join(root, 'usr/bin/link'));
  expect(missingLoader(root, 'link')).toBeUndefined();
});

test('interpreters that name each other end', () => {
  write('usr/bin/a', '#!/usr/bin/b');
  write('usr/bin/b', '#!/usr/bin/a');
  expect(missingLoader(root, 'a')).toBeUndefined();
});

test.each([
  ['that is not there', 'nothing', ''],
  ['without a loader', 'text', 'echo'],
  ['that is cut short', 'short', '\x7fELF\x02\x01'],
  ['with a broken table', 'broken', `\x7fELF\x02\x01${'\xff'.repeat(80)}`],
  ['with half a line', 'half', '#!'],
])('nothing is said of a program %s', (_what, name, text) => {
  if (text !== '') write(`usr/bin/${name}`, Buffer.from(text, 'latin1') as never);
  expect(missingLoader(root, name)).toBeUndefined();
});
