import { readFileSync } from 'node:fs';
import { execPath } from 'node:process';
import { expect, test } from 'vitest';
import { neededLibraries } from './libraries.ts';

test('a program names its loader and its libraries, each once', () => {
  const needed = neededLibraries(readFileSync(execPath), 'node');
  expect(needed).toEqual(expect.arrayContaining(['ld-linux-x86-64.so.2', 'libc.so.6', 'libstdc++.so.6']));
  expect(new Set(needed).size).toBe(needed.length);
});

test('what is no ELF file is refused by name', () => {
  expect(() => neededLibraries(Buffer.from('#!/bin/sh\n'), 'usr/bin/script')).toThrow(/^usr\/bin\/script: /);
});
