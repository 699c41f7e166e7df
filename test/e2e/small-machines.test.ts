/** What the README promises, on a Debian that has nodejs and npm and nothing else: from a clone, and from the npm package. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CHECKOUT } from '../rig/index.ts';

const MACHINE = fileURLToPath(new URL('small-machine.sh', import.meta.url));
const TREES = join(CHECKOUT, 'node_modules/.cache/dsmb-test/machines');
const DOWNLOADS = process.env['DSMB_DOWNLOADS']!;
/** They start npm, npx, tsc and dsmb as users do, and programs of the tests' toolchains. */
const TESTS = 'test/e2e/init.test.ts test/e2e/package.test.ts test/tools/programs.test.ts';

const lacking = [
  process.getuid!() === 0 ? '' : 'root',
  ...['debootstrap', 'unshare', 'git'].map((program) => (spawnSync(program, ['--version']).error ? program : '')),
].filter((name) => name !== '');
const skipped = lacking.length > 0 ? `skipped: this machine lacks ${lacking.join(', ')}: ` : '';

let tree = '';
afterEach(() => {
  if (tree !== '') rmSync(dirname(tree), { recursive: true, force: true });
  tree = '';
});

/** A machine that nothing has run on yet. */
function freshMachine(release: string): void {
  tree = join(mkdtempSync(join(tmpdir(), 'dsmb-machine-')), release);
  spawnSync('cp', ['-a', '--reflink=auto', join(TREES, release), tree], { stdio: 'inherit' });
}

/** Runs lines of shell there; gives all that they print. */
async function run(...lines: readonly string[]): Promise<string> {
  const { all, exitCode } = await execa(MACHINE, ['run', tree, DOWNLOADS, lines.join('\n')], {
    all: true,
    reject: false,
  });
  if (exitCode !== 0) throw new Error(all);
  return all;
}

/** What a clone has, and what is not committed yet. */
async function putCheckout(): Promise<void> {
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const { stdout } = await execa('git', list, { cwd: CHECKOUT });
  for (const path of stdout.split('\0').filter((path) => path !== '' && existsSync(join(CHECKOUT, path))))
    cpSync(join(CHECKOUT, path), join(tree, 'root/dsmb', path), { verbatimSymlinks: true });
}

/** What tells the packages of one release from those of others. */
const LIBC: Readonly<Record<string, string>> = { bookworm: '2.36-', trixie: '2.41-' };

const HOUR_MS = 3_600_000;

describe.skipIf(skipped !== '').each(['bookworm', 'trixie'])(
  `${skipped}a small Debian %s`,
  { tags: 'long', timeout: HOUR_MS },
  (release) => {
    beforeAll(async () => {
      mkdirSync(TREES, { recursive: true });
      if (!existsSync(join(TREES, release))) await execa(MACHINE, ['make', release, join(TREES, release)]);
    }, HOUR_MS);

    it('builds from a clone, and then tests it', async () => {
      freshMachine(release);
      await putCheckout();
      expect(await run('cd dsmb', './dsmb build //cloudTarball')).toContain('build succeeded');
      expect(await run('cd dsmb', `NO_COLOR=1 npm test -- ${TESTS}`)).toMatch(/Test Files .* 3 passed/);
    });

    it('tests a clone, and then builds from it', async () => {
      freshMachine(release);
      await putCheckout();
      expect(await run('cd dsmb', `NO_COLOR=1 npm test -- ${TESTS}`)).toMatch(/Test Files .* 3 passed/);
      expect(await run('cd dsmb', './dsmb build //cloudTarball')).toContain('build succeeded');
    });

    it('renews the lock with its own release, and builds with that', async () => {
      freshMachine(release);
      await putCheckout();
      expect(await run('cd dsmb', './dsmb lock', 'cat toolchain.lock.json')).toContain(`libc6=${LIBC[release]}`);
      expect(await run('cd dsmb', './dsmb build //cloudTarball --frozen')).toContain('build succeeded');
    });

    it('builds a project of its own with the npm package, and leaves it its own Node', async () => {
      freshMachine(release);
      await execa('npm', ['pack', '--silent', '--pack-destination', join(tree, 'root')], { cwd: CHECKOUT });
      mkdirSync(join(tree, 'root/project'));
      writeFileSync(join(tree, 'root/project/package.json'), '{ "name": "project", "private": true }');
      const types = [
        'cd project',
        'npm install ../dsmb-*.tgz',
        'npm install --save-dev typescript@6',
        'npx tsc --version',
      ];
      expect(await run(...types)).toMatch(/^Version 6/m);
      const own = ['cd project', 'npm exec --call "node --version"', '/usr/bin/node --version'];
      expect(new Set((await run(...own)).match(/^v\d+.*/gm))).toHaveLength(1);
      const init = ['cd project', 'npx dsmb init image', 'cd image', '../node_modules/.bin/dsmb build //page'];
      expect(await run(...init)).toContain('1 action (1 executed, 0 cached)');
    });
  },
);
