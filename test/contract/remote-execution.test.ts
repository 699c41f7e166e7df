/** Actions run on a worker that others could have written: with the keys that they have here, and whatever it does wrong. */
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { countingRules, Project, TestStore, type Files } from '../rig/index.ts';
import { Worker, type Fault } from '../rig/worker.ts';

const FILES: Files = {
  ...countingRules(),
  'build.dsm.ts': `
    import { combine, shell, shellFolder, text } from './rules.ts';
    const own = text({ content: 'a text\\n' });
    export const a = combine({ name: 'a', text: 'a\\n', of: [own] });
    export const folder = shellFolder({
      script: 'mkdir -p /out/folder/deep; cp /in/0 /out/folder/deep/b; ln -s deep/b /out/folder/link; ln -s /in/0 /out/folder/a; echo said; echo also >&2',
      of: [a],
    });
    export const all = shell({ script: 'cat /in/0/a /in/0/link >/out/file', of: [folder] });
    export const fails = shell({ script: 'echo it says why >&2; exit 3' });
    export const three = shellFolder({
      script: 'mkdir /out/folder',
      of: [0, 1, 2].map((each) => shell({ script: 'sleep 1; echo ' + each + ' >/out/file' })),
    });
    export const failsLater = shell({ script: 'sleep 1; exit 3' });
    export const long = shell({ script: 'sleep 600', timeoutMs: 700_000 });
    export const late = shell({ script: 'sleep 60', timeoutMs: 1000 });
    export const kvm = shell({ script: 'echo here >/out/file', needs: { kvm: true } });`,
};
const ALL = 'a\na text\na\na text\n';

let worker: Worker;
let store: TestStore;
let project: Project;

beforeAll(async () => {
  worker = await Worker.start(join(inject('commands'), 'bwrap'));
});
beforeEach(begin);
afterAll(() => {
  for (const one of [project, store, worker]) one?.[Symbol.dispose]();
});

/** Nothing was built, and the server has no results. */
function begin(): void {
  project?.[Symbol.dispose]();
  store?.[Symbol.dispose]();
  store = new TestStore();
  project = new Project(store, FILES);
  worker.results.clear();
  worker.calls.length = worker.ran.length = worker.faults.length = worker.cancelled = worker.most = 0;
  worker.keepsFailures = worker.isPlain = false;
}

const build = (target: string, ...args: string[]) =>
  project.build([target, '--remote-executor', worker.address, ...args]);
const output = (): string => readFileSync(project.output('//all', 'file'), 'utf8');
const remote = (built: Awaited<ReturnType<typeof build>>): string[] =>
  (built.report?.actions ?? []).filter((action) => action.remote).map(({ label }) => label);

describe('workers', () => {
  it('run all that may leave, give the outputs that they have here under the same keys, and are asked once', async () => {
    const there = await build('//all');
    expect([there.exitCode, there.stderr]).toEqual([0, expect.stringContaining('remote executor: 3 actions run')]);
    expect(remote(there)).toEqual(['//a', '//folder', '//all']);
    expect([output(), worker.ran.length, store.runs('a')]).toEqual([ALL, 3, 0]);
    // The text has no process.
    expect(there.executed).toHaveLength(4);
    const [key] = worker.ran;
    expect(there.report?.actions.map((action) => action.key?.split('/')[0])).toContain(key);
    // The same here, in another store: the same keys, and the same bits.
    using own = new TestStore();
    using other = new Project(own, FILES);
    const here = await other.build(['//all']);
    const outputs = (one: typeof here) => one.report?.outputs.map(({ digest }) => digest);
    const keys = (one: typeof here) => one.report?.actions.map((action) => [action.mnemonic, action.key]).toSorted();
    const plain = (one: typeof here) =>
      JSON.stringify([outputs(one), keys(one)]).replaceAll(/"[^"]*dsmb-project[^"]*"/g, '');
    expect(plain(there)).toBe(plain(here));
    // What has come is known; what has not is asked for, and not run.
    const again = await build('//all');
    expect([again.executed, worker.count('Execute')]).toEqual([[], 3]);
  });

  it('say what they write when they have ended, and how they fail', { tags: 'long' }, async () => {
    const { stderr } = await build('//folder');
    expect(stderr).toMatch(/start \/\/folder ShellFolder remote/);
    expect((await project.run(['log', '//folder'])).stdout).toMatch(/said\nalso/);
    const failed = await build('//fails');
    expect([failed.exitCode, failed.stderr]).toEqual([
      1,
      expect.stringMatching(/ACTION_FAILED.*\/\/fails \(Shell\): the command exited with 3[^]*it says why/),
    ]);
    expect(failed.stderr).toContain('run by: a worker of the tests');
    const late = await build('//late');
    expect([late.exitCode, late.stderr]).toEqual([1, expect.stringMatching(/ACTION_TIMEOUT.*did not end within 1 s/)]);
  });

  it('are not given what needs KVM', async () => {
    const { report } = await build('//kvm');
    expect([worker.count('Execute'), report?.actions.length]).toEqual([0, 1]);
  });

  it('are asked again for what has failed, also where the server keeps failures', async () => {
    worker.keepsFailures = true;
    for (const times of [1, 2]) {
      const { exitCode, stderr } = await build('//fails');
      expect([exitCode, worker.ran.length]).toEqual([1, times]);
      expect(stderr).not.toContain('warning');
    }
  });

  it('make what a shell reads, which comes here', { tags: 'long' }, async () => {
    project.write('dsmb.settings.json', JSON.stringify({ 'remote-executor': worker.address }));
    const { exitCode, stdout } = await project.run(['shell', '//all', '--', 'cat', '/in/0/a', '/in/0/link']);
    expect([exitCode, stdout, worker.ran.length]).toEqual([0, ALL, 2]);
  });

  it('have a number of actions at a time', { tags: 'long' }, async () => {
    const { exitCode } = await build('//three', '--remote-jobs', '2');
    expect([exitCode, worker.most]).toEqual([0, 2]);
    expect((await build('//all', '--remote-jobs', 'many')).stderr).toMatch(/BAD_SETTING.*--remote-jobs/);
  });
});

describe('a build goes on', () => {
  const short: [Fault, number][] = [['cut', 3]];
  const long: [Fault, number][] = [
    ['inputs lost', 4],
    ['early end', 3],
    ['forgotten', 4],
    ['inputs lost, unsaid', 4],
    ['inputs and outputs lost', 5],
    ['internal', 4],
    ['unavailable', 4],
  ];
  it.each(short)('when there is a fault: %s', goesOn);
  it.each(long)('when there is a fault: %s', { tags: 'long' }, goesOn);

  async function goesOn(fault: Fault, calls: number): Promise<void> {
    worker.faults.push(undefined, fault);
    const built = await build('//all');
    // What nobody has any more is made again.
    const ran = [...(fault === 'inputs and outputs lost' ? ['//a'] : []), '//a', '//folder', '//all'];
    expect([built.exitCode, output(), remote(built)]).toEqual([0, ALL, ran]);
    expect(worker.count('Execute')).toBeGreaterThanOrEqual(calls);
    if (fault === 'cut' || fault === 'early end') expect(worker.count('WaitExecution')).toBe(1);
  }

  it('with faults of every kind in any order', { tags: 'long', timeout: 600_000 }, async () => {
    const every: Fault[] = [...short, ...long].map(([fault]) => fault);
    const fault = fc.option(fc.constantFrom<Fault>(...every, 'wrong digests', 'no outputs'), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(fc.array(fault, { minLength: 4, maxLength: 12 }), async (faults) => {
        begin();
        worker.faults.push(...faults);
        expect((await build('//all')).exitCode).toBe(0);
        expect(output()).toBe(ALL);
      }),
      { numRuns: 12 },
    );
  });

  it.each<Fault>(['wrong digests'])('here, with what a worker has always wrong: %s', isBuiltHere);
  it.each<Fault>(['no outputs'])('here, with what a worker has always wrong: %s', { tags: 'long' }, isBuiltHere);

  async function isBuiltHere(fault: Fault): Promise<void> {
    worker.faults.push(...Array.from({ length: 20 }, () => fault));
    const built = await build('//all');
    expect([built.exitCode, output(), built.stderr]).toEqual([0, ALL, expect.stringContaining('warning remote')]);
  }

  it('here, when no worker takes it, which is said once', async () => {
    worker.faults.push(...Array.from({ length: 20 }, () => 'unavailable' as const));
    const built = await build('//all');
    expect([built.exitCode, output(), remote(built)]).toEqual([0, ALL, []]);
    expect(built.stderr.match(/no workers exist for this platform; this build goes on without it/g)).toHaveLength(1);
  });

  it('here, when nobody answers at all', { tags: 'long' }, async () => {
    const built = await project.build(['//all', '--remote-executor', 'grpc://127.0.0.1:1']);
    expect([built.exitCode, output()]).toEqual([0, ALL]);
    expect(built.stderr).toMatch(/warning remote.*this build goes on without it/);
  });
});

describe('workers that make no sandbox', () => {
  const platform = ['--remote-platform', 'OSFamily=linux,ISA=x86-64'];
  const write = (): string[] => ['--remote-cache-write', worker.address];

  it('run what brings one, under a key of its own, and what they make is found under the plain one', async () => {
    worker.isPlain = true;
    const there = await build('//all', ...platform, ...write());
    expect([there.exitCode, there.stderr]).toEqual([0, expect.stringContaining('remote executor: 3 actions run')]);
    expect([output(), remote(there), store.runs('a')]).toEqual([ALL, ['//a', '//folder', '//all'], 0]);
    const keys = there.report?.actions.map((action) => action.key?.split('/')[0]);
    expect(keys).not.toContain(worker.ran[0]);
    expect([...worker.results.keys()]).toEqual(expect.arrayContaining([...worker.ran, ...keys!.filter(isRun(there))]));
    // Another machine takes them, and runs nothing.
    using other = new TestStore();
    using elsewhere = new Project(other, FILES);
    const taken = await elsewhere.build(['//all', '--remote-cache', worker.address]);
    expect([taken.exitCode, taken.executed, worker.ran.length]).toEqual([0, [], 3]);
  });

  it('see what the sandbox here shows: inputs that cannot be changed, and no more', { tags: 'long' }, async () => {
    worker.isPlain = true;
    project.edit('build.dsm.ts', "'cat /in/0/a /in/0/link >/out/file'", `'${LOOKS_AROUND}'`);
    const there = await build('//all', ...platform);
    expect([there.exitCode, there.executed]).toEqual([0, expect.arrayContaining(['//all'])]);
    const seen = output();
    using own = new TestStore();
    using here = new Project(own, { ...FILES, 'build.dsm.ts': project.read('build.dsm.ts') });
    await here.build(['//all']);
    expect(seen).toBe(readFileSync(here.output('//all', 'file'), 'utf8'));
    expect(seen).toContain('inputs stay');
  });

  it('and cannot have one either: all runs here, which is said once', { tags: 'long' }, async () => {
    worker.isPlain = true;
    worker.faults.push(...Array.from({ length: 20 }, () => 'no namespaces' as const));
    const built = await build('//all', ...platform);
    expect([built.exitCode, output(), remote(built), worker.count('Execute')]).toEqual([0, ALL, [], 1]);
    expect(built.stderr).toMatch(
      /make no sandbox: setting up uid map: Permission denied; this build goes on without it/,
    );
  });

  it('have properties that can be read', { tags: 'long' }, async () => {
    const { exitCode, stderr } = await build('//all', '--remote-platform', 'linux');
    expect([exitCode, stderr]).toEqual([2, expect.stringMatching(/BAD_SETTING.*'linux' is no list of properties/)]);
  });
});

/** What a process finds around it. */
const LOOKS_AROUND =
  'exec >/out/file; (echo more >/in/0/a) 2>/dev/null || echo inputs stay; (echo more >/etc/new) 2>/dev/null || echo root stays; ' +
  '(echo more >/proc/sys/kernel/domainname) 2>/dev/null || echo kernel stays; ls / /in; id -u; env; pwd; ' +
  'cat /proc/sys/kernel/hostname; while read line; do echo "${line%%:*}"; done </proc/net/dev';

/** Whether a key is that of an action with a process. */
function isRun({ report }: Awaited<ReturnType<typeof build>>): (key: string | undefined) => key is string {
  const texts = new Set(
    report?.actions.flatMap(({ mnemonic, key }) => (mnemonic === 'Write' ? [key?.split('/')[0]] : [])),
  );
  return (key): key is string => key !== undefined && !texts.has(key);
}

it('the failure of one action cancels another that runs', async () => {
  const { exitCode, stderr } = await build('//long', '//failsLater');
  expect([exitCode, worker.cancelled]).toEqual([1, 1]);
  expect(stderr).toMatch(/error ACTION_FAILED \/\/failsLater/);
});

it('an interrupted build cancels what runs', async () => {
  worker.faults.push('endless');
  const running = project.start(['build', '//fails', '--remote-executor', worker.address]);
  await running.untilSaid('remote: running');
  running.interrupt();
  const { exitCode } = await running.finished;
  expect([exitCode, worker.cancelled]).toEqual([130, 1]);
  expect(await store.processesLeft()).toEqual([]);
});
