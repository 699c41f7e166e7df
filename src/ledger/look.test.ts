/** The look of Node and that of the launcher give the same. */
import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { OWN_PACKAGE } from '../model/own-files.ts';
import { isBecause, type Because } from './because.ts';
import { lookAt } from './look.ts';
import { Folder, touch } from './made.test-helper.ts';

let folder: Folder;

beforeEach(() => {
  folder = new Folder();
});
afterEach(() => folder[Symbol.dispose]());

/** As the launcher sees the paths. */
function launcherSees(paths: readonly string[], share: number | undefined): string {
  const [look] = /^look\(\) \{[^]*?^\}/m.exec(readFileSync(join(OWN_PACKAGE, 'dsmb.bin'), 'utf8')) ?? [];
  const script = `${look}\nshare=$1\nset -- $(look 2>/dev/null)\necho "$*"`;
  const input = paths.map((path) => `${path}\0`).join('');
  const options = { cwd: folder.path, input, encoding: 'utf8' } as const;
  return execFileSync('sh', ['-c', script, 'sh', String(share ?? '')], options).trim();
}

const seen = (paths: readonly string[]) =>
  lookAt(folder.path, paths, Date.now()) as Exclude<ReturnType<typeof lookAt>, Because>;

it('of a few paths, of which some are not there', async () => {
  folder.write('odd name é', 'text');
  symlinkSync('nowhere', join(folder.path, 'link'));
  await folder.age();
  const paths = ['odd name é', 'link', 'gone', '/usr/bin/env', '.'];
  const sight = seen(paths);
  expect(sight.share).toBeUndefined();
  expect(sight.sums).toBe(launcherSees(paths, undefined));
  touch(join(folder.path, 'odd name é'));
  expect(launcherSees(paths, undefined)).not.toBe(sight.sums);
  rmSync(join(folder.path, 'odd name é'));
  expect(launcherSees(paths, undefined)).not.toBe(sight.sums);
});

it('of very many, in shares', async () => {
  const paths = Array.from({ length: 4100 }, (_, index) => `many/${index}`);
  for (const path of paths.slice(0, 50)) folder.write(path, path);
  await folder.age();
  const sight = seen(paths);
  expect(sight.share).toBeGreaterThan(0);
  expect(sight.sums).toBe(launcherSees(paths, sight.share));
});

it('is none where the programs that look end badly, whether they have read all paths or not', () => {
  const path = folder.write('xargs', '#!/bin/sh\nkill -9 $$\n');
  chmodSync(path, 0o755);
  vi.stubEnv('PATH', `${folder.path}:${process.env['PATH']}`);
  for (const paths of [['a'], Array.from({ length: 50_000 }, (_, index) => `${index}`)])
    expect(lookAt(folder.path, paths, Date.now())).toEqual({ because: '`xargs stat` ended with SIGKILL' });
  writeFileSync(path, '#!/bin/sh\nexit 125\n');
  expect(lookAt(folder.path, ['a'], Date.now())).toEqual({ because: '`xargs stat` ended with 125' });
  vi.unstubAllEnvs();
});

it('is none while something changes, and says what', () => {
  const path = folder.write('fresh', '');
  const sight = lookAt(folder.path, ['fresh', path], Date.now() - 1000);
  expect(isBecause(sight) && sight.because).toMatch(/fresh has just changed$/);
});
