/** Messages about missing files, as real programs write them. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { missingIn } from './missing-paths.ts';

const PATH = '/in/files/no such/x.h';

function said(program: string, ...args: string[]): string {
  const { stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8' } });
  return `${stdout}${stderr}`;
}

test.each([
  ['tar', ['-cf', '/dev/null', PATH]],
  ['cmp', [PATH, '/dev/null']],
  ['xz', ['--test', PATH]],
  ['busybox', ['cat', PATH]],
  ['python3', ['-c', `open(${JSON.stringify(PATH)})`]],
] as const)('of %s', (program, args) => {
  // A name with a blank is known as a whole only where it is quoted: elsewhere, what stands behind the blank.
  const [last = ''] = PATH.split(' ').slice(-1);
  expect([[PATH], [last]]).toContainEqual(
    missingIn(said(program, ...args))
      .paths.filter((path) => PATH.endsWith(path))
      .slice(-1),
  );
});

test.each([
  ['/bin/sh: 1: cannot open /in/0/foo.h: No such file', '/in/0/foo.h'],
  ["/usr/bin/sort: cannot read: '/in/a b': No such file or directory", '/in/a b'],
  ["head: cannot open '/in/0' for reading: No such file or directory", '/in/0'],
  ['/in/files/a.c:1:10: fatal error: ../foo.h: No such file or directory', '../foo.h'],
  ['cat: /in/0/../foo.h: Not a directory', '/in/0/../foo.h'],
])('%s', (text, path) => {
  expect(missingIn(text).paths).toEqual([path]);
});

test('of Node', () => {
  let message = '';
  try {
    readFileSync(PATH);
  } catch (error) {
    message = (error as Error).message;
  }
  expect(missingIn(message).paths).toEqual([PATH]);
});

test('programs of a shell, of bubblewrap and of steps', () => {
  expect(missingIn('/bin/dash: 1: xz: not found').programs).toEqual(['xz']);
  expect(missingIn('bash: line 1: mkfs.fat: command not found').programs).toEqual(['mkfs.fat']);
  expect(missingIn('bwrap: execvp tar: No such file or directory')).toEqual({
    paths: [],
    programs: ['tar'],
    started: ['tar'],
  });
  expect(missingIn('/bin/dash: 1: xz: not found').started).toEqual(['xz']);
  expect(missingIn('gcc: error: target: not found').started).toEqual([]);
  expect(missingIn('mcopy is not in the toolchain').programs).toEqual(['mcopy']);
});

test('nothing of what is not missing', () => {
  const help = execFileSync('tar', ['--help'], { encoding: 'utf8' });
  expect(missingIn(help)).toEqual({ paths: [], programs: [], started: [] });
  expect(missingIn('404: page not found in the cache\nfoo.h: Permission denied')).toEqual({
    paths: [],
    programs: [],
    started: [],
  });
});
