/** `dsmb init`: from an empty folder to a build, and never over what is there. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { CHECKOUT, TestStore } from '../rig/index.ts';

const EXIT = { ok: 0, usage: 2 } as const;

let store: TestStore;
let folder: string;

beforeEach(() => {
  store = new TestStore();
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'dsmb-init-')));
});
afterEach(() => {
  store[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

function dsmb(cwd: string, ...args: readonly string[]) {
  // Nothing is fetched: a proxy that is not there would make it fail.
  const offline = {
    http_proxy: 'http://127.0.0.1:9',
    https_proxy: 'http://127.0.0.1:9',
    DSMB_DOWNLOADS: join(folder, 'none'),
  };
  return execa(join(CHECKOUT, 'dsmb'), args, { cwd, env: { ...store.env, ...offline, NO_COLOR: '1' }, reject: false });
}

it('makes a project that builds without a network, is right, and has nothing to do after that', async () => {
  const made = await dsmb(folder, 'init', 'My Image');
  expect(made.exitCode).toBe(EXIT.ok);
  expect(made.stdout).toContain("now: cd 'My Image' && npx dsmb build //page");
  const project = join(folder, 'My Image');
  expect(JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'))).toMatchObject({
    name: 'my-image',
    type: 'module',
  });

  // As the last line says, by the command that npm would have linked.
  const first = await execa('npx', ['dsmb', 'build', '//page'], { cwd: project, env: store.env });
  expect(first.stderr).toMatch(/build succeeded in .*: 1 action \(1 executed, 0 cached\)/);
  expect(readFileSync(join(project, 'dsmb-out/page/greeting.txt'), 'utf8')).toBe('Hello, world!\n');
  expect((await dsmb(project, 'build', '//page')).stderr).toMatch(/\(0 executed, 1 cached\)/);
  expect((await dsmb(project, 'build', '//page', '--set', 'who=moon')).stderr).toMatch(/\(1 executed, 0 cached\)/);

  expect((await dsmb(project, 'check', '--strict')).stdout).toBe('0 errors, 0 warnings in 2 files');
  const types = await execa(join(CHECKOUT, 'node_modules/.bin/tsc'), ['-p', '.'], { cwd: project, reject: false });
  expect(types.stdout).toBe('');
  // Nothing of it is to be committed that is made.
  const ignored = readFileSync(join(project, '.gitignore'), 'utf8').split('\n');
  expect(ignored).toEqual(expect.arrayContaining(['dsmb-out/', 'node_modules/', 'dsmb.params.json']));
});

it('works in the folder itself', async () => {
  expect((await dsmb(folder, 'init')).stdout).toContain('now: npx dsmb build //page');
  expect((await dsmb(folder, 'build', '//...')).exitCode).toBe(EXIT.ok);
});

it('writes over nothing, and then writes nothing', async () => {
  writeFileSync(join(folder, 'rules.ts'), 'mine');
  const { stderr, exitCode } = await dsmb(folder, 'init');
  expect(stderr).toMatch(/EXISTS \. has rules\.ts already: nothing was written/);
  expect(exitCode).toBe(EXIT.usage);
  expect(readdirSync(folder)).toEqual(['rules.ts']);
});

it('makes a project of a package that npm has made', async () => {
  const written = () => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as unknown;
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }');
  expect((await dsmb(folder, 'init')).stderr).toMatch(/EXISTS package\.json has "type": "commonjs"/);
  expect(readdirSync(folder)).toEqual(['package.json']);

  const dependencies = { left: '^1.0.0' };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ dependencies }));
  expect((await dsmb(folder, 'init')).stdout).toContain('set "type": "module" in package.json');
  expect(written()).toEqual({ dependencies, type: 'module' });
  expect((await dsmb(folder, 'build', '//page')).exitCode).toBe(EXIT.ok);
});

it('makes no project inside of another', async () => {
  await dsmb(folder, 'init');
  mkdirSync(join(folder, 'below'));
  const { stderr, exitCode } = await dsmb(join(folder, 'below'), 'init');
  expect(stderr).toMatch(/INSIDE_PROJECT .*below is inside the project in [^]*: dsmb init \.\.\/\.\.\/below;/);
  expect(exitCode).toBe(EXIT.usage);
  expect(existsSync(join(folder, 'below/build.dsm.ts'))).toBe(false);
});
