/** `install.sh` in each shell that hosts have, as far as it goes without a host: words, looks, and a script that was cut off. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { installScript } from '../../rules/cloud-installer/script.ts';
import { Project, TestStore } from '../rig/index.ts';
import { DIGEST, MANIFEST, scriptFor } from '../rig/install-script.ts';

let store: TestStore;
let project: Project;
let script: string;

beforeAll(() => {
  store = new TestStore();
  project = new Project(store);
  script = scriptFor(MANIFEST);
});
afterAll(() => {
  project[Symbol.dispose]();
  store[Symbol.dispose]();
});

describe.each([['dash'], ['bash'], ['busybox', 'sh']])('in %s %s', (...shell: string[]) => {
  function run(args: readonly string[], text = script) {
    const [program = '', ...first] = shell;
    writeFileSync(project.path('install.sh'), text);
    const path = `${inject('commands')}:${process.env['PATH']}`;
    const options = { encoding: 'utf8', env: { PATH: path }, input: '', timeout: 60_000 } as const;
    const { status, stdout, stderr } = spawnSync(program, [...first, project.path('install.sh'), ...args], options);
    return { status, stdout, stderr };
  }

  it('tells what it takes', () => {
    const { status, stdout } = run(['--help']);
    expect(stdout).toMatch(/^usage: sh install\.sh --url URL[^]*--dry-run[^]*--undo/);
    expect(status).toBe(0);
  });

  it.each([
    [['--what'], /there is no option '--what'/],
    [['--url'], /--url needs a value/],
    [['--url', 'ftp://host/nas'], /--url takes an address of http or https, not 'ftp:\/\/host\/nas'/],
    [['--url', "http://host/'; reboot; '"], /--url takes an address, not/],
    [['--hold', 'never'], /--hold takes write or reboot, not 'never'/],
    [['--folder', '/dev/none'], /\/dev\/none is no folder of an installer/],
    [['--net', 'static'], /--net takes dhcp or keep, not 'static'/],
  ])('refuses %j', (args, says) => {
    const { status, stderr } = run(args);
    expect(stderr).toMatch(says);
    expect(status).toBe(2);
  });

  it('says all at once that is wrong, each with what to do, and changes nothing', () => {
    const { status, stdout, stderr } = run([
      ...['--url', 'http://127.0.0.1:1/', '--disk', '/dev/none', '--mac', '00:16:3e:01:02:03', '--dry-run'],
    ]);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^This machine cannot become the NAS as it is:\n- /);
    expect(stdout).toMatch(/- \/dev\/none is no whole disk\n {4}name one of/);
    expect(stdout).toMatch(
      /- no manifest with the SHA-256 of this script comes from http:\/\/127\.0\.0\.1:1\/ \(.+\)\n/,
    );
    expect(stdout).toMatch(/\n\nNothing was changed\.\n$/);
    expect(status).toBe(1);
  });

  it('packs the folder so that the kernel unpacks it, whatever lengths names and files have', () => {
    const work = project.path(`work-${shell.join('-')}`);
    mkdirSync(join(work, 'in/blocks'), { recursive: true });
    mkdirSync(join(work, 'out'));
    writeFileSync(join(work, 'manifest.json'), 'a manifest');
    const blocks = [0, 1, 2, 3, 4, 5].map((length) => 'b'.repeat(length + 1));
    for (const name of blocks)
      writeFileSync(join(work, `in/blocks/${name}.gz`), Buffer.alloc(1000 + name.length, name));
    const call = `work='${work}' folder='${work}/in' SAMPLES='${blocks.join(' ')}'\npack_folder >'${work}/cpio'\n`;
    const { stderr } = run([], script.replace(/\nmain "\$@"\n$/, `\n${call}`));
    expect(stderr).toBe('');
    execFileSync(join(inject('commands'), 'cpio'), ['-i', '-d', '--quiet', '-F', join(work, 'cpio')], {
      cwd: join(work, 'out'),
    });
    expect(readFileSync(join(work, `out/dsmb/manifest-${DIGEST}.json`), 'utf8')).toBe('a manifest');
    for (const name of blocks)
      expect(readFileSync(join(work, `out/dsmb/blocks/${name}.gz`))).toEqual(Buffer.alloc(1000 + name.length, name));
  });

  it.each([
    ['that of GNU', 'echo "GNU Wget 1.21.3 built on linux-gnu."', 'wget'],
    ["busybox's", 'exec busybox wget "$@"', 'busybox'],
  ])('knows which wget it has: %s', (_, body, fetcher) => {
    const programs = project.path(`wget-${fetcher}`);
    mkdirSync(programs, { recursive: true });
    writeFileSync(join(programs, 'wget'), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    const call = `PATH=${programs}:$PATH folder=; has() { [ "$1" != curl ]; }; find_fetcher; echo "by $fetcher"`;
    const { stdout } = run([], script.replace(/\nmain "\$@"\n$/, `\n${call}\n`));
    expect(stdout).toBe(`by ${fetcher}\n`);
  });

  it('does nothing where it was cut off', () => {
    for (let count = 1; count < 20; count++) {
      const cut = script.slice(0, Math.floor((script.length * count) / 20));
      expect(run(['--help'], cut).stdout, `cut after ${cut.length} bytes`).toBe('');
    }
  });
});

it.each([
  ['http://host/a b', true],
  ["http://host/'; reboot", false],
  ['http://host/$(reboot)', false],
])('an address in the script cannot break out of its quotes: %s', (url, fine) => {
  const make = () => installScript(['#FACTS#'], { manifest: MANIFEST, digest: DIGEST, urls: [url] });
  if (fine) expect(make()).toContain(`URLS='${url}'`);
  else expect(make).toThrow('cannot stand in install.sh');
});
