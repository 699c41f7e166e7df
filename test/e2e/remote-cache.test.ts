/** Machines that share a remote cache: what one has built, another with an empty store need not. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BazelRemote, whyNoServer } from '../rig/bazel-remote.ts';
import { CHECKOUT, countingRules, Project, TestStore, type Files } from '../rig/index.ts';

const skipped = await whyNoServer();
if (skipped) console.warn(`skipped: ${skipped}`);
const test = skipped ? it.skip : it;

const FILES: Files = {
  ...countingRules(),
  'build.dsm.ts': `
    import { combine, shell, shellFolder } from './rules.ts';
    export const a = combine({ name: 'a', text: 'a\\n' });
    export const folder = shellFolder({ script: 'mkdir -p /out/folder/deep; echo b >/out/folder/deep/b; ln -s deep/b /out/folder/link; ln -s /in/0 /out/folder/a', of: [a] });
    export const unpredictable = shell({ script: 'cat /proc/sys/kernel/random/uuid >/out/file' });
    export const all = shell({ script: 'cat /in/0/a /in/0/link /in/1 >/out/file', of: [folder, unpredictable] });`,
};

let remote: BazelRemote;
const stores: TestStore[] = [];
const projects: Project[] = [];

beforeAll(async () => {
  if (!skipped) remote = await BazelRemote.start();
});
afterAll(() => {
  remote?.[Symbol.dispose]();
  for (const one of [...projects, ...stores]) one[Symbol.dispose]();
});

/** Another machine: a clone with a store and downloads of its own, both empty. */
function machine(files: Files = FILES, content: 'empty' | 'prepared' = 'empty') {
  const store = new TestStore(content);
  const project = new Project(store, files);
  stores.push(store);
  projects.push(project);
  const downloads = mkdtempSync(join(store.folder, 'downloads-'));
  const env = content === 'empty' ? { DSMB_DOWNLOADS: downloads } : {};
  const build = (...args: string[]) => project.build(['//all', ...args], { env });
  return { store, project, downloads, env, build };
}

test('a second clone with an empty store runs no action and fetches no package', async () => {
  const first = machine(FILES, 'prepared');
  const made = await first.build('--remote-cache', remote.address);
  expect([made.exitCode, made.executed]).toEqual([0, ['//a', '//all', '//folder', '//unpredictable']]);
  expect(made.report?.remote?.sent).toBeGreaterThanOrEqual(4);
  const second = machine();
  const taken = await second.build('--remote-cache', remote.address);
  expect([taken.exitCode, taken.executed, taken.report?.counts.cached]).toEqual([0, [], 4]);
  expect(readdirSync(second.downloads, { recursive: true }).filter((name) => String(name).endsWith('.deb'))).toEqual(
    [],
  );
  const output = (one: typeof first): string => readFileSync(one.project.output('//all', 'file'), 'utf8');
  expect(output(second)).toBe(output(first));
  // What nobody reads has not come: the result of one file, and no package.
  expect(taken.report?.remote?.read.files).toBe(output(first).length);
  expect(taken.report?.remote?.written).toEqual({ results: 0, trees: 0, files: 0, largeFiles: 0 });
  expect((await second.project.run(['fsck'])).exitCode).toBe(0);
  // An action that runs here brings what it reads.
  second.project.edit('build.dsm.ts', 'cat /in/0/a /in/0/link', 'cat /in/0/link /in/0/a');
  const changed = await second.build('--remote-cache', remote.address);
  expect([changed.exitCode, changed.executed]).toEqual([0, ['//all']]);
  expect(output(second).split('\n').toSorted()).toEqual(output(first).split('\n').toSorted());

  // A third one that only reads gives nothing.
  const third = machine();
  third.project.edit('build.dsm.ts', 'echo b', 'echo c');
  const reads = await third.build('--remote-cache', remote.address, '--remote-cache-write', 'none');
  expect([reads.exitCode, reads.executed, reads.report?.remote?.sent]).toEqual([0, ['//all', '//folder'], 0]);
});

test('another MAC address moves the blocks that it changes, and of the archive parts', { tags: 'long' }, async () => {
  const own = await BazelRemote.start();
  try {
    const { project } = machine(smallDiskFiles(), 'prepared');
    const build = (mac: string) =>
      project.build(['//archive', '--remote-cache', own.address, '--set', `mac=52:54:00:00:00:${mac}`]);
    const first = await build('01');
    expect([first.exitCode, first.report?.remote?.written.files]).toEqual([0, expect.any(Number)]);
    const before = sizesOf(own);
    const { report } = await build('02');
    const { trees, files, largeFiles } = report!.remote!.written;
    // Of some 16 blocks, the one with the address: its own tree, those above it, and the result.
    const came = [...sizesOf(own)].filter(([hash]) => !before.has(hash)).map(([, size]) => size);
    expect(came.filter((size) => size === 2 ** 20)).toHaveLength(1);
    expect(trees + files).toBeLessThanOrEqual(4 * 2 ** 20);
    // Apart from that the archive, which has more than 10 MiB.
    expect(largeFiles).toBeGreaterThan(0);
    expect(largeFiles).toBeLessThanOrEqual(4 * 2 ** 20);
  } finally {
    own[Symbol.dispose]();
  }
});

/** A small disk with a MAC address in its boot partition, and its archive. */
function smallDiskFiles(): Files {
  const text = (name: string): string => readFileSync(join(CHECKOUT, name), 'utf8');
  return {
    'small-disk.ts': text('test/rig/fixture/small-disk.ts'),
    'small-disk.step.ts': text('test/rig/fixture/small-disk.step.ts'),
    'toolchain.lock.json': text('toolchain.lock.json'),
    'build.dsm.ts': `
      import { param } from 'dsmb';
      import { diskArchive } from 'dsmb/rules';
      import { smallDisk } from './small-disk.ts';
      export const mac = param.string({ default: '52:54:00:00:00:00', doc: 'of the machine' });
      export const disk = smallDisk({ mac });
      export const archive = diskArchive({ disk });`,
  };
}

/** The blobs of a server: their sizes by hash. */
function sizesOf(server: BazelRemote): ReadonlyMap<string, number> {
  const names = readdirSync(join(server.folder, 'cache/cas.v2'), { recursive: true, encoding: 'utf8' });
  return new Map(
    names.flatMap((name) => {
      const [, hash, size] = /([0-9a-f]{64})-(\d+)-/.exec(name) ?? [];
      return hash === undefined ? [] : [[hash, Number(size)] as const];
    }),
  );
}

test('why tells who made a result, and what differs from the nearest of another machine', async () => {
  const name = crypto.randomUUID();
  const files = {
    ...FILES,
    'build.dsm.ts': FILES['build.dsm.ts']!.replaceAll('echo b ', `echo said ${name} >&2; echo ${name} `),
  };
  const first = machine(files, 'prepared');
  await first.build('--remote-cache', remote.address);
  const second = machine(files, 'prepared');
  expect((await second.build('--remote-cache', remote.address)).executed).toEqual([]);
  const why = async (...args: string[]) => (await second.project.run(['why', '//folder', ...args])).stdout;
  expect(await why()).toMatch(
    new RegExp(
      `//folder ShellFolder: did not run, its result is from ${remote.address}, made by ${hostname()} on \\d{4}-`,
    ),
  );
  // What it wrote came with it.
  expect((await second.project.run(['log', '//folder'])).stdout).toContain(`said ${name}`);
  // A machine that has never built it.
  const third = machine(files, 'prepared');
  third.project.edit('build.dsm.ts', 'ln -s deep/b', 'ln -s ./deep/b');
  expect((await third.build('--remote-cache', remote.address)).executed).toContain('//folder');
  const { stdout } = await third.project.run(['why', '//folder']);
  expect(stdout).toContain(`the nearest result is in ${remote.address}, made by ${hostname()} on`);
  expect(stdout).toMatch(/attribute script.*build\.dsm\.ts:\d+/);
  const { actions } = JSON.parse((await third.project.run(['why', '//folder', '--json'])).stdout) as {
    actions: { label: string; comparedWithElsewhere?: { from: string } }[];
  };
  expect(actions.find(({ label }) => label === '//folder')?.comparedWithElsewhere?.from).toBe(remote.address);
});

test('results that lay in the store before are given as well', { tags: 'long' }, async () => {
  const { build, project, env } = machine(FILES, 'prepared');
  project.edit('build.dsm.ts', 'cat /proc/sys/kernel/random/uuid', 'echo older');
  expect((await build()).executed).toHaveLength(4);
  const given = await build('--remote-cache', remote.address);
  expect([given.executed, given.report?.remote?.sent]).toEqual([[], expect.any(Number)]);
  const other = machine({ ...FILES, 'build.dsm.ts': project.read('build.dsm.ts') });
  expect((await other.build('--remote-cache', remote.address)).executed).toEqual([]);
  expect(env).toEqual({});
});

test('blobs that the server has lost or damaged are made again', { tags: 'long' }, async () => {
  const own = await BazelRemote.start();
  try {
    const first = machine(FILES, 'prepared');
    await first.build('--remote-cache', own.address);
    await own.stop();
    damage(join(own.folder, 'cache/cas.v2'));
    await own.start();
    const second = machine(FILES, 'prepared');
    const { exitCode, stderr } = await second.build('--remote-cache', own.address);
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining('build succeeded')]);
    expect(readFileSync(second.project.output('//all', 'file'), 'utf8')).toMatch(/^a\nb\n[0-9a-f-]{36}\n$/);
  } finally {
    own[Symbol.dispose]();
  }
});

/** Half of the blobs lose their end, the others have other bytes. */
function damage(folder: string): void {
  let count = 0;
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, name);
    try {
      const bytes = readFileSync(path);
      if (count++ % 2 === 0) writeFileSync(path, bytes.subarray(0, bytes.length / 2));
      else
        writeFileSync(
          path,
          bytes.map((byte, index) => (index > 30 ? byte ^ 1 : byte)),
        );
    } catch {
      // A folder.
    }
  }
}

it('settings of the project and of the user name the cache; the user wins, and an option over both', async () => {
  const home = mkdtempSync(join(tmpdir(), 'dsmb-config-'));
  mkdirSync(join(home, 'dsmb'));
  const { project } = machine(
    { ...FILES, 'dsmb.settings.json': '{ "remote-cache": "grpc://project.example:1" }' },
    'prepared',
  );
  const shown = async (...args: string[]) =>
    JSON.parse((await project.run(['info', '--json', ...args], { env: { XDG_CONFIG_HOME: home } })).stdout) as Record<
      string,
      unknown
    >;
  const none = { remoteCacheWrite: 'none', remoteExecutor: 'none' };
  expect(await shown()).toMatchObject({ remoteCache: 'grpc://project.example:1', ...none });
  const user = {
    'remote-cache': 'grpc://user.example:2',
    'remote-cache-write': 'grpc://user.example:3',
    'remote-executor': 'grpc://user.example:4',
    'remote-jobs': 4,
  };
  writeFileSync(join(home, 'dsmb/settings.json'), JSON.stringify(user));
  expect(await shown()).toMatchObject({
    remoteCache: user['remote-cache'],
    remoteCacheWrite: user['remote-cache-write'],
    remoteExecutor: user['remote-executor'],
  });
  const off = ['--remote-cache', 'none', '--remote-executor', 'none'];
  const { stderr } = await project.build(['//a', ...off], { env: { XDG_CONFIG_HOME: home } });
  expect(stderr).not.toContain('remote cache');
  project.write('dsmb.settings.json', '{ "remote-cash": "grpc://x" }');
  const bad = await project.build(['//a']);
  expect([bad.exitCode, bad.stderr]).toEqual([
    2,
    expect.stringMatching(/BAD_SETTING.*'remote-cash'[^]*did you mean "remote-cache"/),
  ]);
  rmSync(home, { recursive: true });
});
