/** Failed actions: what the user is told, what goes on, and what is kept. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countingRules, Project, TestStore } from '../rig/index.ts';

let store: TestStore;

beforeAll(() => {
  store = new TestStore();
});
afterAll(() => store[Symbol.dispose]());

function projectOf(targets: string): Project {
  return new Project(store, {
    ...countingRules(),
    'build.dsm.ts': `import { combine, group, shell } from './rules.ts';\n${targets}`,
  });
}

const unique = (): string => JSON.stringify(crypto.randomUUID());

describe('a failed action', () => {
  it('tells its label, mnemonic, command, the end of its log, and where the whole log is', async () => {
    const lines = 'for i in 1 2 3 4 5 6 7 8 9; do for j in 0 1 2 3 4 5 6 7 8 9; do echo line $i$j; done; done';
    using project = projectOf(`export const bad = shell({ script: '${lines}; echo on stderr >&2; exit 7' });`);
    const { exitCode, stderr, report } = await project.build(['//bad']);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/error ACTION_FAILED \/\/bad \(Shell\): the command exited with 7\n/);
    expect(stderr).toMatch(/command: \/bin\/dash -c for i in/);
    expect(stderr).toContain('line 99');
    expect(stderr).toContain('on stderr');
    expect(stderr).not.toContain('line 20\n');
    const log = /full log: (.*)/.exec(stderr)?.[1] ?? '';
    expect(existsSync(log)).toBe(true);
    expect(readFileSync(log, 'utf8')).toMatch(/^line 10\n/);
    expect(stderr).toMatch(/build failed in .*: 1 action \(0 executed, 0 cached, 1 failed\)\n$/);
    expect(report).toMatchObject({ success: false, actions: [{ label: '//bad', outcome: 'failed' }] });
    expect(store.names('sandboxes')).toEqual([]);
  });

  it('leaves its own logs and pictures for a look, and nothing that its symlinks lead to', async () => {
    using outside = new Project(store, { 'secret.txt': 'secret' });
    const links = `ln -s ${outside.path('.')} /tmp/folder; ln -s ${outside.path('secret.txt')} /tmp/link.txt`;
    using project = projectOf(
      `export const bad = shell({ script: 'mkdir /tmp/own; echo seen >/tmp/own/a.log; ${links}; echo x; exit 1' });`,
    );
    const { stderr } = await project.build(['//bad']);
    const kept = dirname(/full log: (.*)/.exec(stderr)?.[1] ?? '/nowhere/log');
    expect(readdirSync(kept).toSorted()).toEqual(['a.log', 'log']);
  });

  it('that takes too long is ended, and says so', async () => {
    using project = projectOf(`export const slow = shell({ script: 'sleep 1000', timeoutMs: 500 });`);
    const { exitCode, stderr } = await project.build(['//slow']);
    expect(stderr).toMatch(/error ACTION_TIMEOUT \/\/slow \(Shell\): the command did not end within 0\.5 s/);
    expect(exitCode).toBe(1);
    expect(await store.processesLeft()).toEqual([]);
  });

  it('that a signal has ended says which', async () => {
    using project = projectOf(`
      export const broken = shell({ script: 'kill -SEGV $$' });
      export const ended = shell({ script: 'dash -c "kill -KILL \\$\\$"; exit $?' });`);
    const broken = await project.build(['//broken']);
    expect(broken.stderr).toMatch(
      /error ACTION_FAILED \/\/broken \(Shell\): the command was ended by SIGSEGV \(exit code 139\)/,
    );
    const ended = await project.build(['//ended']);
    expect(ended.stderr).toMatch(/was ended by SIGKILL \(exit code 137\)[^]*hint: memory may have run out/);
  });

  it('whose program is missing says so', async () => {
    using project = projectOf(`export const bad = shell({ script: 'exec no-such-program' });`);
    const { exitCode, stderr } = await project.build(['//bad']);
    expect(stderr).toMatch(/error ACTION_FAILED \/\/bad \(Shell\): the command exited with 127/);
    expect(stderr).toMatch(/no-such-program: not found/);
    expect(exitCode).toBe(1);
  });
});

describe('the rest of the build', () => {
  const targets = `
    export const bad = shell({ script: 'exit 1' });
    export const onBad = combine({ name: 'onBad', of: [bad] });
    export const good = combine({ name: 'good', text: 'TEXT' });
    export const onGood = combine({ name: 'onGood', of: [good] });
    export const all = combine({ name: 'all', of: [onBad, onGood] });`;

  it('goes on with --keep-going, as far as it does not depend on the failure', async () => {
    using project = projectOf(targets.replace('TEXT', crypto.randomUUID()));
    const { exitCode, report } = await project.build(['--keep-going', '//all']);
    expect(exitCode).toBe(1);
    const outcomes = report?.actions.map(({ label, outcome, key }) => [label, outcome, key !== null]);
    expect(outcomes?.toSorted()).toEqual([
      ['//all', 'skipped', false],
      ['//bad', 'failed', true],
      ['//good', 'executed', true],
      ['//onBad', 'skipped', false],
      ['//onGood', 'executed', true],
    ]);
  });

  it('is finished with --keep-going, also where a folder is put together from both', { tags: 'long' }, async () => {
    using project = projectOf(`
      export const bad = shell({ script: 'exit 1' });
      export const slow = shell({ script: 'sleep 2; echo well >/out/file', env: { SALT: ${unique()} } });
      export const both = group({ of: [bad, slow] });`);
    const { exitCode, executed } = await project.build(['--keep-going', '//both']);
    expect([exitCode, executed]).toEqual([1, ['//slow']]);
    expect((await project.build(['//slow'])).executed).toEqual([]);
  });

  it(
    'starts nothing more for a step that has become superfluous, however long its bundle takes',
    { tags: 'long' },
    async () => {
      using before = projectOf(`export const warm = combine({ name: 'warm', text: ${unique()} });`);
      await before.build(['//warm']);
      // Toolchains are unpacked by now. The step of another project is another one, and is bundled: that takes longest.
      using project = projectOf(`
      import { file } from 'dsmb';
      export const quick = shell({ script: 'echo ${unique().slice(1, -1)} >/out/file' });
      export const bad = shell({ script: 'true', of: [file('gone.txt')] });
      export const step = combine({ name: 'step', of: [quick, bad] });`);
      const invocation = project.start(['build', '//step', '--keep-going']);
      const stuck = setTimeout(() => invocation.killBuilder(), 60_000);
      const { exitCode, signal } = await invocation.finished;
      clearTimeout(stuck);
      expect([exitCode, signal]).toEqual([1, null]);
      expect(await store.processesLeft()).toEqual([]);
    },
  );

  it('stops at the first failure without it', async () => {
    using project = projectOf(`
      export const bad = shell({ script: 'exit 1' });
      export const slow = shell({ script: 'sleep 1000' });
      export const later = combine({ name: 'later', of: [slow] });
      export const all = combine({ name: 'all', of: [bad, later] });`);
    const { exitCode, report } = await project.build(['//all']);
    expect(exitCode).toBe(1);
    const outcomes = Object.fromEntries(report?.actions.map(({ label, outcome }) => [label, outcome]) ?? []);
    expect(outcomes).toEqual({ '//bad': 'failed', '//slow': 'skipped', '//later': 'skipped', '//all': 'skipped' });
    expect(await store.processesLeft()).toEqual([]);
  });

  it('runs again only what failed, once the cause is gone', async () => {
    using project = projectOf(`
      export const good = combine({ name: 'good', text: ${unique()} });
      export const onGood = shell({ script: 'test -e /in/0 && exit 5', of: [good] });`);
    expect((await project.build(['//onGood'])).executed).toEqual(['//good']);
    project.edit('build.dsm.ts', 'exit 5', 'cat /in/0 >/out/file');
    expect((await project.build(['//onGood'])).executed).toEqual(['//onGood']);
  });
});

describe('a validation', () => {
  const gated = (script: string): string => `
    export const checked = combine({ name: 'checked', text: ${unique()} });
    export const check = shell({ script: ${JSON.stringify(script)}, of: [checked] });
    export const product = combine({ name: 'product', of: [checked], validations: [check] });
    export const shipped = combine({ name: 'shipped', of: [product] });`;

  it('that passes runs beside its target', async () => {
    using project = projectOf(gated('echo well >/out/file'));
    const { exitCode, executed } = await project.build(['//product']);
    expect(exitCode).toBe(0);
    expect(executed).toEqual(['//check', '//checked', '//product']);
  });

  it('that fails makes the build fail, also of what is made of its target', async () => {
    using project = projectOf(gated('echo refused; exit 1'));
    const { exitCode, stderr } = await project.build(['--keep-going', '//shipped']);
    expect(stderr).toMatch(/error ACTION_FAILED \/\/check \(Shell\)/);
    expect(exitCode).toBe(1);
  });

  it('is left out with --skip-validations', async () => {
    using project = projectOf(gated('exit 1'));
    const { exitCode, executed } = await project.build(['--skip-validations', '//product']);
    expect(exitCode).toBe(0);
    expect(executed).toEqual(['//checked', '//product']);
  });

  it('is not an input: another validation does not run its target again', async () => {
    using project = projectOf(gated('echo well >/out/file'));
    await project.build(['//product']);
    project.edit('build.dsm.ts', 'echo well', 'echo very well');
    expect((await project.build(['//product'])).executed).toEqual(['//check']);
  });
});
