/** `dsmb build --check`: run again, what differs is told in the words of its format, and the cache stays as it is. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countingRules, Project, TestStore, type Built } from '../rig/index.ts';

let store: TestStore;

beforeAll(() => {
  store = new TestStore();
});
afterAll(() => store[Symbol.dispose]());

const RULES = `
  import { attr, File, rule, toolchain } from 'dsmb';
  const tools = toolchain('coreutils', 'dash', 'dosfstools', 'tar');
  /** A script whose output may be declared to differ from run to run. */
  export const script = rule({
    name: 'script',
    makes: File,
    attributes: { text: attr.string, reproducible: attr.optional(attr.boolean) },
    implement: ({ text, reproducible = true }, actions) =>
      actions.run({
        mnemonic: 'Script',
        argv: ['/usr/bin/dash', '-c', text],
        outputs: { out: File },
        toolchains: [actions.toolchain(tools)],
        reproducible,
      }).out,
  });`;

function project(build: string): Project {
  return new Project(store, {
    ...countingRules(),
    'script.ts': RULES,
    'build.dsm.ts': `
      import { combine, shell, shellFolder, text } from './rules.ts';
      import { script } from './script.ts';
      ${build}`,
  });
}

const checks = (built: Built) =>
  (built.report?.checks ?? []).map(({ label, run, outcome }) => `${label} ${run} ${outcome}`).toSorted();

describe('a check', () => {
  it('runs each action once more, cached or not, as often as it is told; texts and what is the same pass', async () => {
    using made = project(`
      const one = combine({ name: 'one', text: 'a' });
      export const all = combine({ name: 'all', of: [one, text({ content: 'b' })] });`);
    const first = await made.build(['//all', '--check']);
    expect([first.exitCode, store.runs('one'), store.runs('all')]).toEqual([0, 1, 1]);
    expect(checks(first)).toHaveLength(2);
    const again = await made.build(['//all', '--check=3']);
    expect([again.exitCode, again.executed]).toEqual([0, []]);
    expect(checks(again)).toHaveLength(6);
    expect(again.report?.checks?.every(({ outcome }) => outcome === 'same')).toBe(true);
  });

  it('finds a date in a text: by its line, with both versions for a look, and leaves the cache as it is', async () => {
    using made = project(`export const stamp = shell({ script: 'echo "built at $(date +%s)" >/out/file' });`);
    const built = await made.build(['//stamp', '--check']);
    expect(built.exitCode).toBe(1);
    expect(built.stderr).toMatch(
      /error NOT_REPRODUCIBLE \/\/stamp \(Shell\)[^]*file > line 1: "built at \d+" -> "built at \d+"/,
    );
    expect(checks(built)).toEqual(['//stamp 1 different']);
    const [cached, again] = ['cached', 'again'].map((side) => made.read(`dsmb-out/.check/stamp/Shell/${side}/file`));
    expect(cached).toBe(made.read('dsmb-out/stamp/file'));
    expect(again).not.toBe(cached);
    const [, hint = ''] = /hint: dsmb (.*)/.exec(built.stderr) ?? [];
    expect((await made.run([...hint.split(' '), '--exit-code'])).stdout).toMatch(/^file > line 1: /);
    const later = await made.build(['//stamp']);
    expect([later.executed, made.read('dsmb-out/stamp/file')]).toEqual([[], cached]);
  });

  it('finds the time of a tar member and the id of a FAT', { tags: 'long' }, async () => {
    using made = project(`
      export const tar = script({ text: 'echo x >/tmp/x; tar -cf /out/out -C /tmp x' });
      export const fat = script({ text: '/usr/sbin/mkfs.fat -C /out/out 1440 >/dev/null' });`);
    const built = await made.build(['//tar', '//fat', '--check']);
    expect(built.exitCode).toBe(1);
    expect(built.stderr).toMatch(/out > x > mtime: \d+-\d+-\d+T[\d:]+Z -> \d+/);
    expect(built.stderr).toMatch(/out > FAT volume id: [0-9A-F]{4}-[0-9A-F]{4} -> /);
    expect(checks(built)).toEqual(['//fat 1 different', '//tar 1 different']);
  });

  it('finds entries of a folder', { tags: 'long' }, async () => {
    using made = project(
      `export const tree = shellFolder({ script: 'mkdir /out/folder; echo x >/out/folder/$(date +%N)' });`,
    );
    expect((await made.build(['//tree', '--check'])).stderr).toMatch(/folder > \d+ > entry: there -> missing/);
  });

  it('does not mind what declares that it may differ, and says so', { tags: 'long' }, async () => {
    using made = project(`export const vm = script({ text: 'date +%s%N >/out/out', reproducible: false });`);
    const built = await made.build(['//vm', '--check=2']);
    expect([built.exitCode, checks(built)]).toEqual([0, ['//vm 1 declared']]);
    expect(built.stderr).toMatch(/\/\/vm Script \(run 1 of 2\) differs, as it declares\n {2}out > line 1: /);
  });

  it(
    'says beforehand how much it is, and leaves out what may differ unless it is named',
    { tags: 'long' },
    async () => {
      using made = project(`
      export const vm = script({ text: 'date +%s%N >/out/out', reproducible: false });
      export const two = combine({ name: 'two', of: [combine({ name: 'one', of: [vm] })] });`);
      const built = await made.build(['//two', '--check']);
      expect([built.exitCode, checks(built)]).toEqual([0, ['//two 1 same', '//two.of0 1 same']]);
      expect(built.stderr).toMatch(
        /^check 2 actions: each runs once more, .* of work by past durations\n {6}left out, .*: \/\/vm Script\nsame /m,
      );
      expect(built.stderr).toMatch(/^checked 2 actions in 2 runs: 2 same$/m);
      expect(checks(await made.build(['//two', '//vm', '--check']))).toContain('//vm 1 declared');
    },
  );

  it(
    'says which run differs, does not go on with it, and counts what it has done',
    { tags: 'long', timeout: 120_000 },
    async () => {
      using made = project(`
      export const same = shell({ script: 'echo same >/out/file' });
      export const vm = script({ text: 'date +%s%N >/out/out', reproducible: false });
      export const rare = shell({ script: 'echo $(($(od -An -tu1 -N1 /dev/urandom) % 8 == 0)) >/out/file' });`);
      const built = await made.build(['//same', '//rare', '//vm', '--check=150', '-j3']);
      const { checks: all = [] } = built.report ?? {};
      const ofRare = all.filter(({ label }) => label === '//rare');
      const last = ofRare.at(-1)!;
      expect([built.exitCode, last.outcome, last.of]).toEqual([1, 'different', 150]);
      expect(ofRare.map(({ run }) => run)).toEqual(ofRare.map((_, index) => index + 1));
      expect(built.stderr).toContain('check 3 actions: each runs 150 times more, or until it differs, ');
      expect(built.stderr).toContain(
        `//rare (Shell) gave different outputs when it was run again, in run ${last.run} of 150\n`,
      );
      expect(built.stderr).toContain('other //vm Script (run 1 of 150) differs, as it declares\n');
      expect(built.stderr).toContain('same  //same Shell (run 150 of 150)\n');
      expect(built.stderr).toContain(
        `checked 3 actions in ${all.length} runs: 1 same, 1 differs, 1 differs as it declares\n`,
      );
    },
  );

  it('that is ended counts what it has not done', { tags: 'long' }, async () => {
    using made = project(`export const same = shell({ script: 'echo same >/out/file' });`);
    await made.build(['//same']);
    const running = made.start(['build', '//same', '--check=9999']);
    await running.untilSaid('(run 2 of 9999)');
    running.interrupt();
    const { exitCode, stderr } = await running.finished;
    expect(exitCode).toBe(130);
    expect(stderr).toMatch(/^checked 1 action in \d+ runs: 0 same, 1 not checked to the end$/m);
  });

  it('reports an action that fails the second time', { tags: 'long' }, async () => {
    const end = Math.ceil(Date.now() / 1000) + 20;
    using made = project(
      `export const once = shell({ script: '[ $(date +%s) -lt ${end} ] && echo in time >/out/file' });`,
    );
    expect((await made.build(['//once'])).exitCode).toBe(0);
    while (Date.now() < end * 1000) await new Promise((resolve) => setTimeout(resolve, 200));
    const built = await made.build(['//once', '--check']);
    expect([built.exitCode, built.executed, checks(built)]).toEqual([1, [], ['//once 1 failed']]);
    expect(built.stderr).toMatch(/error ACTION_FAILED \/\/once \(Shell\): .*, when it was run again/);
    expect((await made.build(['//once'])).exitCode).toBe(0);
  });

  it('does not run what a build could not make', { tags: 'long' }, async () => {
    using failing = project(`export const it = shell({ script: 'exit 3' });`);
    const built = await failing.build(['//it', '--check']);
    expect([built.exitCode, checks(built)]).toEqual([1, []]);
  });

  it('leaves nothing behind', async () => {
    expect(await store.processesLeft()).toEqual([]);
    expect([store.names('sandboxes'), store.names('incoming')]).toEqual([[], []]);
  });

  it('refuses what is not a number', { tags: 'long' }, async () => {
    using made = project(`export const x = text({ content: 'x' });`);
    for (const times of ['often', '0', '-1', '10000'])
      expect((await made.build(['//x', `--check=${times}`])).exitCode).toBe(2);
  });
});

describe('dsmb diff', () => {
  it('compares a target with itself under another parameter, and with a file', async () => {
    using made = project(`
      import { param } from 'dsmb';
      export const who = param.string({ default: 'one', doc: 'whom' });
      export const hello = text({ content: who });`);
    await made.build(['//hello', '--set', 'who=two']);
    await made.build(['//hello']);
    const changed = await made.run(['diff', '//hello', '--to', 'who=two', '--exit-code']);
    expect([changed.exitCode, changed.stdout]).toEqual([1, 'line 1: "one" -> "two"\n']);
    const same = await made.run(['diff', '//hello', 'dsmb-out/hello/text.txt', '--exit-code']);
    expect([same.exitCode, same.stdout]).toEqual([0, 'they are equal\n']);
    const json = await made.run(['diff', '//hello', '//hello', '--to', 'who=two', '--json']);
    expect(JSON.parse(json.stdout)).toEqual({
      equal: false,
      findings: [{ at: [], what: 'line 1', before: '"one"', after: '"two"' }],
      more: false,
    });
    expect((await made.run(['diff', '//hello', 'no-such-file'])).stderr).toContain('error FILE_NOT_FOUND');
    expect(existsSync(made.path('dsmb-out/.check'))).toBe(false);
    expect(readdirSync(made.path('dsmb-out/hello'))).toEqual(['text.txt']);
    expect(readFileSync(made.path('dsmb-out/hello/text.txt'), 'utf8')).toBe('one');
  });
});
