/** A store that cannot be written serves builds that find everything in it; one that has to run something says why not. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHECKOUT, countingRules, Project, TestStore } from '../rig/index.ts';

/** Runs a command where a folder is mounted read-only: nothing else denies root anything. */
const MOUNTED = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"';

const isRoot = process.getuid?.() === 0;
const skipped = whyNot();
if (skipped) console.warn(`skipped: ${skipped}`);

function whyNot(): string | undefined {
  if (!isRoot) return undefined;
  try {
    execFileSync('unshare', ['--mount', 'true'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'root may not mount here, and nothing else is read-only to root';
  }
}

const FILES = {
  ...countingRules(),
  'build.dsm.ts': `
    import { combine, shell } from './rules.ts';
    export const a = combine({ name: 'a', text: 'a\\n' });
    export const all = shell({ script: 'cat /in/0 >/out/file', of: [a] });`,
};

describe.skipIf(skipped)('with a store that cannot be written', () => {
  const store = new TestStore('apart');
  const [first, second] = [new Project(store, FILES), new Project(store, FILES)];

  /** Calls dsmb where the store is read-only: mounted so, or by its modes. */
  const call = (project: Project, ...args: string[]) => {
    const command = [join(CHECKOUT, 'dsmb'), ...args];
    const [program, ...rest] = isRoot ? ['unshare', '--mount', 'sh', '-c', MOUNTED, store.folder, ...command] : command;
    const options = {
      cwd: project.folder,
      env: { ...process.env, NO_COLOR: '1', ...store.env },
      encoding: 'utf8',
    } as const;
    const { status, stdout, stderr } = spawnSync(program!, rest, options);
    return { status, stdout, stderr };
  };

  beforeAll(async () => {
    expect((await first.build(['//all'])).exitCode).toBe(0);
    if (!isRoot) setFolders(store.folder, 0o555);
  });
  afterAll(() => {
    if (!isRoot) setFolders(store.folder, 0o755);
    for (const one of [first, second, store]) one[Symbol.dispose]();
  });

  it('a build with nothing to do succeeds', () => {
    const { status, stderr } = call(first, 'build', '//all');
    expect([stderr, status]).toEqual([expect.stringContaining('build succeeded'), 0]);
  });

  it('another clone finds everything, and gets its outputs', () => {
    const { status, stderr } = call(second, 'build', '//all');
    expect([stderr, status]).toEqual([expect.stringMatching(/build succeeded.*\(0 executed, 2 cached\)/), 0]);
    expect(readFileSync(second.output('//all', 'file'), 'utf8')).toBe('a\na\n'.slice(0, 2));
    expect(call(second, 'build', '//all').status).toBe(0);
  });

  it.each([['plan', '//all'], ['why', '//all'], ['log', '//all'], ['list'], ['info']])('dsmb %s works', (...args) => {
    const { status, stderr } = call(first, ...args);
    expect([stderr, status]).toEqual(['', 0]);
  });

  it('a build that must run something says that the store cannot be written', () => {
    second.edit('build.dsm.ts', 'cat /in/0 ', 'cat /in/0 /in/0 ');
    const { status, stderr } = call(second, 'build', '//all');
    expect([stderr, status]).toEqual([expect.stringMatching(/^error STORE_DENIED .*(EROFS|EACCES)/m), 4]);
    expect(stderr).toContain('DSMB_STORE');
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

function setFolders(folder: string, mode: number): void {
  if (!existsSync(folder) || !lstatSync(folder).isDirectory()) return;
  if (mode === 0o755) chmodSync(folder, mode);
  for (const name of readdirSync(folder)) setFolders(join(folder, name), mode);
  chmodSync(folder, mode);
}
