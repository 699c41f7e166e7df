/** The launcher before Node starts: what it needs is named, what it can do without it does without. */
import {
  accessSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CHECKOUT } from '../rig/index.ts';

const MACHINE_FAULT = 4;
/** Of a minimal Debian, and npm. */
const PROGRAMS = [
  ...['apt-get', 'cat', 'chmod', 'cmp', 'cp', 'dirname', 'dpkg-deb', 'env', 'flock', 'grep', 'gzip', 'id', 'mkdir'],
  ...[
    'mktemp',
    'mv',
    'node',
    'npm',
    'paste',
    'readlink',
    'rm',
    'sha256sum',
    'sh',
    'tail',
    'tar',
    'touch',
    'tr',
    'uname',
  ],
];

let folder: string;
let checkout: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dsmb-launcher-'));
  checkout = join(folder, 'checkout');
  copyCheckout();
  mkdirSync(join(folder, 'bin'));
  for (const program of PROGRAMS) symlinkSync(pathOf(program), join(folder, 'bin', program));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Nothing of it is set up, though its packages are there. */
function copyCheckout(): void {
  const modules = join(checkout, 'node_modules');
  mkdirSync(modules, { recursive: true });
  for (const name of ['src', 'cache']) symlinkSync(join(CHECKOUT, name), join(checkout, name));
  for (const name of ['dsmb.bin', 'package.json', 'package-lock.json'])
    cpSync(join(CHECKOUT, name), join(checkout, name));
  const mine = ['.bin', '.cache', '.dsmb-stamp', '.package-lock.json'];
  for (const name of readdirSync(join(CHECKOUT, 'node_modules')).filter((one) => !mine.includes(one)))
    symlinkSync(join(CHECKOUT, 'node_modules', name), join(modules, name));
}

function pathOf(program: string): string {
  const found = process.env['PATH']!.split(delimiter).find((at) => !at.endsWith('.bin') && isThere(join(at, program)));
  if (found === undefined) throw new Error(`this machine has no ${program}`);
  return join(found, program);
}

function isThere(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Starts it with no program but those; what stands before them on the PATH may be given. */
async function start(...before: readonly string[]) {
  const env = { PATH: [...before, join(folder, 'bin')].join(delimiter), HOME: folder };
  return execa(join(checkout, 'dsmb.bin'), ['--version'], { env, extendEnv: false, reject: false });
}

/** In place of npm: notes which Node it would run under, and what it is asked for. */
function noteNpm(exitCode: number): void {
  rmSync(join(folder, 'bin/npm'));
  const script = `#!/bin/sh\necho "$(command -v node) $1" | cat - >>${join(folder, 'calls')}\nexit ${exitCode}\n`;
  writeFileSync(join(folder, 'bin/npm'), script, { mode: 0o755 });
}

const npmCalls = (): string => readFileSync(join(folder, 'calls'), 'utf8');

describe('the launcher', () => {
  it('sets up a checkout once, with npm under the pinned Node', async () => {
    noteNpm(0);
    for (let times = 0; times < 2; times++) expect((await start()).stdout).toMatch(/^dsmb /);
    expect(npmCalls()).toMatch(/^\S+\/checkout\/node_modules\/\.dsmb-node\/[\d.]+\/node install\n$/);
  });

  it('sets it up again after the lock has changed, however old the file is', async () => {
    noteNpm(0);
    await start();
    const lock = join(checkout, 'package-lock.json');
    writeFileSync(lock, `${readFileSync(lock, 'utf8')}\n`);
    utimesSync(lock, 0, 0);
    await start();
    expect(npmCalls().match(/ install\n/g)).toHaveLength(2);
  });

  // Another user has too many already: the shell itself can start no program then, and says so.
  const isRoot = process.getuid?.() === 0;
  const skipped = isRoot ? '' : ' (skipped: only root may have more than the limit)';
  it.skipIf(!isRoot)(`says that the user may start too few processes${skipped}`, async () => {
    const { exitCode, stderr } = await execa('bash', ['-c', 'ulimit -u 12; exec ./dsmb list'], {
      cwd: CHECKOUT,
      reject: false,
    });
    expect(stderr).toBe(
      'dsmb: this user may have 12 processes and threads, too few for Node\n  hint: allow more: ulimit -u 4096',
    );
    expect(exitCode).toBe(MACHINE_FAULT);
  });

  it('does so without flock', async () => {
    noteNpm(0);
    rmSync(join(folder, 'bin/flock'));
    const { stdout, stderr } = await start();
    expect([stdout.slice(0, 5), stderr]).toEqual([
      'dsmb ',
      expect.stringMatching(/^dsmb: setting up: npm packages … \(log: \S+\)$/),
    ]);
  });

  it.each(['apt-get', 'dpkg-deb', 'npm'])('names %s where it is missing', async (program) => {
    rmSync(join(folder, 'bin', program));
    const { stderr, exitCode } = await start();
    expect(stderr).toMatch(new RegExp(`^dsmb: ${program} is missing\n  hint: .*install`));
    expect(exitCode).toBe(MACHINE_FAULT);
  });

  it('fetches its Node under the Node of the machine, whatever a project puts before it on the PATH', async () => {
    noteNpm(1);
    rmSync(join(checkout, 'node_modules/.dsmb-node'));
    const packages = join(folder, 'node_modules/.bin');
    mkdirSync(packages, { recursive: true });
    writeFileSync(join(packages, 'node'), '#!/bin/sh\nexit 127\n', { mode: 0o755 });
    expect((await start(packages)).stderr).toContain('dsmb: npm pack failed');
    expect(npmCalls()).toBe(`${folder}/bin/node pack\n`);
  });
});
