/** Machines that fail: a full disk, no inodes, no permission, a read-only store, wrong clocks, killed helpers. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync, rmdirSync, statfsSync, symlinkSync, utimesSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { countingRules, Project, TestStore } from '../rig/index.ts';

let store: TestStore;
let project: Project;

beforeAll(() => {
  store = new TestStore();
});
afterAll(() => store[Symbol.dispose]());
afterEach(() => project[Symbol.dispose]());

function open(targets: string): Project {
  project = new Project(store, {
    ...countingRules(),
    'build.dsm.ts': `import { combine, shell } from './rules.ts';\n${targets}`,
  });
  return project;
}

const unique = (): string => crypto.randomUUID();

/** A file system of a given size for a store. */
class SmallDisk implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'dsmb-small-'));
  constructor(options: string) {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'dsmb-test', this.folder]);
  }
  remount(options: string): void {
    execFileSync('mount', ['-o', `remount,${options}`, this.folder]);
  }
  get env() {
    return { env: { DSMB_STORE: this.folder } };
  }
  leftovers(): string[] {
    return ['sandboxes', 'incoming', 'present.v1'].flatMap((name) => {
      try {
        return readdirSync(join(this.folder, name));
      } catch {
        return [];
      }
    });
  }
  [Symbol.dispose](): void {
    execFileSync('umount', ['--lazy', this.folder]);
    rmdirSync(this.folder);
  }
}

function mayMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'dsmb-may-mount-'));
  const may = spawnSync('mount', ['-t', 'tmpfs', 'dsmb-test', folder]).status === 0;
  if (may) execFileSync('umount', [folder]);
  else console.warn('SKIPPED: this user may not mount, so full disks are not tried');
  rmSync(folder, { recursive: true });
  return may;
}

async function processNamed(part: string, of = store): Promise<string[]> {
  for (;;) {
    const found = of.processes().filter((line) => line.includes(part));
    // Of bubblewrap's two processes, the outer one.
    if (found.length > 0) return found[0]!.split(' ');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe.skipIf(!mayMount())('a disk that', () => {
  it.each([['that does not look', 'head -c 400000000 /dev/zero >/out/file; true']])(
    'gets full publishes nothing of an action %s',
    publishesNothing,
  );

  it.each([['that notices', 'head -c 400000000 /dev/zero >/out/file']])(
    'gets full publishes nothing of an action %s',
    { tags: 'long' },
    publishesNothing,
  );

  async function publishesNothing(_what: string, script: string): Promise<void> {
    using disk = new SmallDisk('size=160m');
    open(`export const before = shell({ script: 'echo before >/out/file' });
          export const big = shell({ script: ${JSON.stringify(script)}, of: [before] });`);
    const full = await project.build(['//big'], disk.env);
    expect(full.exitCode).not.toBe(0);
    expect(full.stderr).toMatch(/No space left|DISK_FULL|ENOSPC/);
    expect(disk.leftovers()).toEqual([]);
    expect((await project.run(['fsck'], disk.env)).stdout).toMatch(/the store is sound/);
    project.edit('build.dsm.ts', '400000000', '40');
    const next = await project.build(['//big'], disk.env);
    expect([next.exitCode, next.stderr]).toEqual([0, expect.stringMatching(/build succeeded/)]);
    expect(next.executed).toEqual(['//big']);
  }

  it('has no room for packages says so, and not that the network is at fault', { tags: 'long' }, async () => {
    using disk = new SmallDisk('size=3m');
    open(`export const a = shell({ script: 'echo ${unique()} >/out/file' });`);
    const env = { DSMB_STORE: disk.folder, DSMB_DOWNLOADS: join(disk.folder, 'downloads') };
    const full = await project.build(['//a'], { env });
    expect(full.stderr).toMatch(/error (DISK_FULL|ENOSPC) /);
    expect(full.stderr).not.toMatch(/network/);
    expect(full.exitCode).toBe(4);
  });

  it.each([['is full from the start', 'size=1m']])('%s says so, and works once there is room', worksOnceThereIsRoom);

  it.each([['has no inodes left', 'nr_inodes=200']])(
    '%s says so, and works once there is room',
    { tags: 'long' },
    worksOnceThereIsRoom,
  );

  async function worksOnceThereIsRoom(_what: string, options: string): Promise<void> {
    using disk = new SmallDisk(options);
    open(`export const a = shell({ script: 'echo ${unique()} >/out/file' });`);
    const full = await project.build(['//a'], disk.env);
    expect(full.stderr).toMatch(/ENOSPC[^]*disk is full/);
    expect(full.exitCode).toBe(4);
    expect(disk.leftovers()).toEqual([]);
    disk.remount('size=400m,nr_inodes=100k');
    const next = await project.build(['//a'], disk.env);
    expect([next.exitCode, next.stderr]).toEqual([0, expect.stringMatching(/build succeeded/)]);
    expect((await project.run(['fsck'], disk.env)).stdout).toMatch(/the store is sound/);
  }

  it('is full where outputs are delivered is told from that of the store, and names the file', async () => {
    using disk = new SmallDisk('size=1m');
    open(
      `export const a = shell({ script: 'head -c 4000000 /dev/zero | tr "\\\\0" x >/out/file; echo ${unique()} >>/out/file' });`,
    );
    symlinkSync(disk.folder, join(project.folder, 'dsmb-out'));
    const full = await project.build(['//a']);
    expect([full.exitCode, full.stderr]).toEqual([
      4,
      expect.stringMatching(/error NOT_DELIVERED .*dsmb-out\/a\/file .*disk is full/),
    ]);
    expect(full.stderr).not.toMatch(/dsmb gc|DSMB_STORE/);
    disk.remount('size=100m');
    const next = await project.build(['//a']);
    expect([next.exitCode, next.executed]).toEqual([0, []]);
  });

  it('is read-only says so, and is left as it is', { tags: 'long' }, async () => {
    using disk = new SmallDisk('size=400m');
    open(`export const a = shell({ script: 'echo ${unique()} >/out/file' });`);
    await project.build(['//a'], disk.env);
    disk.remount('ro');
    project.edit('build.dsm.ts', 'echo', 'echo more');
    const { exitCode, stderr } = await project.build(['//a'], disk.env);
    expect(stderr).toMatch(/^error STORE_DENIED .*EROFS.*read-only[^]*DSMB_STORE/m);
    expect(exitCode).toBe(4);
    disk.remount('rw');
    expect((await project.build(['//a'], disk.env)).executed).toEqual(['//a']);
  });

  it('is read-only says so whatever is asked of it, and doctor says it once', { tags: 'long' }, async () => {
    using disk = new SmallDisk('size=400m');
    open(`export const a = shell({ script: 'echo ${unique()} >/out/file' });`);
    await project.build(['//a'], disk.env);
    const kept = await project.run(['keep', '//a'], disk.env);
    expect(kept.stdout).toMatch(/^\/\/a is kept as it was last built: [0-9a-f]{12}\n$/);
    disk.remount('ro');
    for (const args of [['keep', '//a'], ['keep', '--remove', '//a'], ['gc'], ['clean']])
      expect((await project.run(args, disk.env)).stderr).toMatch(/^error STORE_DENIED [^]*hint: check the owner/);
    const { stdout } = await project.run(['doctor', '--json'], disk.env);
    const ofStore = (JSON.parse(stdout) as { name: string; state: string; text: string }[]).filter(
      ({ name, text }) => name.startsWith('store') && !text.includes('free in'),
    );
    expect(ofStore.map(({ state, text }) => (state === 'bad' ? text : `${state} ${text}`))).toEqual([
      expect.stringContaining('read-only file system'),
      ...Array.from({ length: 4 }, () => 'note not looked at'),
    ]);
    disk.remount('rw');
    expect((await project.run(['keep', '--remove', '//a'], disk.env)).stdout).toContain('//a is no longer kept: ');
  });
});

describe('an action that takes too much', () => {
  it('of processes is ended, and says which limit it was', { tags: 'long' }, async () => {
    open(
      `export const many = shell({ script: 'i=0; while [ $i -lt 4500 ]; do sleep 1000 & i=$((i+1)); done; wait' });`,
    );
    const { exitCode, stderr } = await project.run(['build', '//many']);
    expect(stderr).toMatch(
      /error ACTION_LIMIT \/\/many .*: the command had \d+ processes and threads, and may have 4096\n/,
    );
    expect(stderr).toMatch(/hint: no action may have more: see what the action Shell starts/);
    expect(exitCode).toBe(1);
    expect(await store.processesLeft()).toEqual([]);
  });

  const enough = freemem() > 6 * 2 ** 30;
  const test = enough ? it : it.skip;
  test(`of memory is ended${enough ? '' : ' (skipped: it takes 4 GiB)'}`, { tags: 'long' }, async () => {
    // `tail` keeps in memory what it will print.
    open(
      `export const big = shell({ script: 'head -c 8G /dev/zero | tail -c 8G | wc -c >/out/file', timeoutMs: 300_000, needs: { memoryMiB: 512 } });`,
    );
    const { exitCode, stderr } = await project.run(['build', '//big']);
    expect(stderr).toMatch(
      /error ACTION_LIMIT \/\/big .*: the command took \d+ MiB of memory, and may take 4096 MiB\n/,
    );
    expect(exitCode).toBe(1);
    expect(await store.processesLeft()).toEqual([]);
  });

  it.skipIf(!mayMount())('of the disk is ended before the disk is full', async () => {
    using disk = new SmallDisk('size=400m');
    const free = statfsSync(disk.folder);
    // A part of it stays free: 8 MiB of these.
    const script = 'head -c $(($(df --output=avail -B1 /out | tail -n 1) - 4000000)) /dev/zero >/out/file; sleep 1000';
    open(`export const big = shell({ script: ${JSON.stringify(script)} });`);
    const { exitCode, stderr } = await project.run(['build', '//big'], disk.env);
    expect(stderr).toMatch(
      /error DISK_FULL \/\/big .*: the command took \d+ MiB of the store's disk, of which 8 MiB are kept free\n/,
    );
    expect(exitCode).toBe(4);
    expect(disk.leftovers()).toEqual([]);
    expect(statfsSync(disk.folder).bavail).toBeGreaterThan(free.bavail / 2);
  });
});

describe('a store that is deleted while a build runs', () => {
  it('is told so, and the same build makes it again', async () => {
    using gone = new TestStore();
    const env = { env: gone.env };
    open(`export const slow = shell({ script: 'echo ${unique()} >/out/file; sleep 4' });`);
    const build = project.start(['build', '//slow'], env);
    await processNamed('sleep 4', gone);
    for (const name of readdirSync(gone.folder)) rmSync(join(gone.folder, name), { recursive: true, force: true });
    const { exitCode, stderr } = await build.finished;
    expect(stderr).toMatch(
      /error STORE_GONE .*the store .* was deleted while it was in use\n[^]*hint: run the same command again/,
    );
    expect(stderr).not.toMatch(/disposal|defect of dsmb|\n\s+at /);
    expect(exitCode).toBe(4);
    expect((await project.build(['//slow'], env)).executed).toEqual(['//slow']);
  });
});

describe.skipIf(process.getuid?.() !== 0)('a store of another user', () => {
  it('that may not be written says so', () => {
    open(`export const a = combine({ name: 'a' });`);
    const folder = mkdtempSync(join(tmpdir(), 'dsmb-foreign-'));
    chmodSync(folder, 0o755);
    chmodSync(project.folder, 0o755);
    const args = ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath];
    const main = join(project.folder, 'node_modules/dsmb/src/cli/main.ts');
    const { status, stderr } = spawnSync('setpriv', [...args, main, 'build', '//a'], {
      cwd: project.folder,
      env: { PATH: process.env['PATH'], DSMB_STORE: folder, NO_COLOR: '1' },
      encoding: 'utf8',
    });
    rmSync(folder, { recursive: true });
    expect(stderr).toMatch(/^error STORE_DENIED .*EACCES/m);
    expect(status).toBe(4);
  });
});

describe('a clock that was set', () => {
  it.each([['back: sources of the future', 10 * 365]])('%s are read when they change, and only then', readWhenChanged);

  it.each([['forward: sources of the past', -10 * 365]])(
    '%s are read when they change, and only then',
    { tags: 'long' },
    readWhenChanged,
  );

  async function readWhenChanged(_what: string, days: number): Promise<void> {
    open(
      `import { file } from 'dsmb'; export const a = combine({ name: 'clock', text: '${unique()}', of: [file('./source')] });`,
    );
    const write = (text: string): void => {
      project.write('source', text);
      const time = new Date(Date.now() + days * 86_400_000);
      utimesSync(project.path('source'), time, time);
    };
    write('one');
    expect((await project.build(['//a'])).executed).toEqual(['//a']);
    expect((await project.build(['//a'])).executed).toEqual([]);
    write('two');
    expect((await project.build(['//a'])).executed).toEqual(['//a']);
    expect(project.read('dsmb-out/a/clock.txt')).toMatch(/two$/);
    write('one');
    expect((await project.build(['//a'])).executed).toEqual([]);
  }
});

describe('kill -9', () => {
  const slow = (): string =>
    `export const slow = shell({ script: 'echo half >/out/file; sleep 1000; echo ${unique()}' });`;

  // Of the helper that starts actions: see scheduling.test.ts.
  it('of a sandbox ends the action, publishes nothing, and leaves nothing', async () => {
    open(slow());
    const build = project.start(['build', '//slow']);
    await build.untilSaid('start //slow');
    // Before, the helper only tries whether the machine has namespaces.
    await processNamed('sleep 1000');
    const [pid] = await processNamed('/usr/bin/bwrap');
    process.kill(Number(pid), 'SIGKILL');
    const { exitCode, stderr } = await build.finished;
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/error ACTION_FAILED \/\/slow/);
    expect(await store.processesLeft()).toEqual([]);
    for (const folder of ['sandboxes', 'incoming', 'present.v1']) expect(store.names(folder)).toEqual([]);
    project.edit('build.dsm.ts', 'sleep 1000', 'echo whole >/out/file');
    expect((await project.build(['//slow'])).executed).toEqual(['//slow']);
    expect(project.read('dsmb-out/slow/file')).toBe('whole\n');
  });

  it('of a builder leaves no lock, and its leftovers go with the next build', async () => {
    open(slow());
    const build = project.start(['build', '//slow']);
    await build.untilSaid('start //slow');
    build.killBuilder();
    await build.finished;
    expect(await store.processesLeft()).toEqual([]);
    project.edit('build.dsm.ts', 'sleep 1000', 'echo whole >/out/file');
    expect((await project.build(['//slow'])).exitCode).toBe(0);
    for (const folder of ['sandboxes', 'incoming', 'present.v1']) expect(store.names(folder)).toEqual([]);
    expect((await project.run(['fsck'])).exitCode).toBe(0);
  });
});

describe('an action that locks its folders against removal', () => {
  it('leaves nothing behind, whoever runs it', async () => {
    open(
      `export const a = shell({ script: 'mkdir -p /tmp/x/y; chmod 0 /tmp/x/y /tmp/x; echo ${unique()} >/out/file' });`,
    );
    expect((await project.build(['//a'])).exitCode).toBe(0);
    expect(store.names('sandboxes')).toEqual([]);
  });
});
