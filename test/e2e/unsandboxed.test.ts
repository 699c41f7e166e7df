/** Actions on the machine itself: the same outputs, under keys of their own, and nothing left behind. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { countingRules, Project, TestStore } from '../rig/index.ts';

let store: TestStore;
let project: Project;

beforeAll(() => {
  store = new TestStore();
});
afterAll(() => store[Symbol.dispose]());
afterEach(() => project[Symbol.dispose]());

function open(targets: string): void {
  project = new Project(store, {
    ...countingRules(),
    'source.txt': 'the source\n',
    'folder/deep/file': 'in a folder\n',
    'build.dsm.ts': `import { file, folder } from 'dsmb'; import { combine, shell, shellFolder, text } from './rules.ts';\n${targets}`,
  });
}

const unsandboxed = (label: string) => project.build([label, '--unsandboxed']);

describe('without a sandbox', () => {
  it('commands and steps find inputs and outputs where they look for them', async () => {
    open(`
      export const command = shell({
        script: 'cat /in/0 >/out/file; cat "/in/1/deep/file" >>/out/file; cd /tmp; ls -A >>/out/file; env | grep ^SOURCE >>/out/file',
        of: [file('source.txt'), folder('folder')] });
      export const step = combine({ name: 'step', of: [command, folder('folder')] });`);
    expect((await unsandboxed('//step')).executed).toEqual(['//command', '//step']);
    const expected = 'the source\nin a folder\nSOURCE_DATE_EPOCH=1577836800\nin a folder\n';
    expect(project.read('dsmb-out/step/step.txt')).toBe(expected);
    expect((await unsandboxed('//step')).executed).toEqual([]);
    expect(store.runs('step')).toBe(1);
  });

  it('results are kept apart, but those that no process made', async () => {
    open(`
      export const written = text({ content: '${crypto.randomUUID()}' });
      export const made = shell({ script: 'cat /in/0 >/out/file', of: [written] });
      export const step = combine({ name: 'apart', of: [made] });`);
    const all = ['//made', '//step', '//written'];
    expect((await unsandboxed('//step')).executed).toEqual(all);
    expect((await project.build(['//step'])).executed).toEqual(['//made', '//step']);
    expect((await unsandboxed('//step')).executed).toEqual([]);
    expect((await project.build(['//step'])).executed).toEqual([]);
  });

  it(
    'a plan and the reasons are those of such builds, a check runs without a sandbox as well',
    { tags: 'long' },
    async () => {
      open(`
      export const made = shell({ script: 'echo ${crypto.randomUUID()} >/dev/null; cat /in/0 >/out/file', of: [file('source.txt')] });
      export const step = combine({ name: 'planned', of: [made] });
      export const other = shell({ script: 'date +%N >/out/file' });`);
      const plan = async (...options: string[]) => (await project.run(['plan', '//step', ...options])).stdout;
      expect(await plan('--unsandboxed')).toMatch(/^1 would run, 1 may run, 0 cached/m);
      await unsandboxed('//step');
      expect(await plan('--unsandboxed')).toBe('nothing would run: 2 actions cached\n');
      expect(await plan()).toMatch(/ 0 cached/);
      project.write('source.txt', 'another\n');
      expect(await plan('--unsandboxed')).toMatch(/made Shell: would run.* because of\n.*source.txt/);
      await unsandboxed('//step');
      expect((await project.run(['why', '//step'])).stdout).toMatch(/made Shell: ran .* because of\n.*source.txt/);
      const checked = await project.build(['//step', '//other', '--check', '--unsandboxed']);
      expect([checked.exitCode, checked.executed]).toEqual([1, ['//other']]);
      expect(checked.stderr).toMatch(/error NOT_REPRODUCIBLE \/\/other \(Shell\)[^]*file > line 1: /);
      expect(checked.report?.checks?.map(({ outcome }) => outcome).toSorted()).toEqual(['different', 'same', 'same']);
      expect(store.names('sandboxes')).toEqual([]);
    },
  );

  it('the outputs are what an action declares, and a link to an input is the input', async () => {
    open(`
      export const linked = shellFolder({ script: 'mkdir /out/folder; ln -s /in/0/deep /out/folder/x', of: [folder('folder')] });
      export const more = shell({ script: 'echo 1 >/out/file; echo 2 >/out/more' });`);
    expect((await unsandboxed('//linked')).exitCode).toBe(0);
    expect(project.read('dsmb-out/linked/x/file')).toBe('in a folder\n');
    expect((await unsandboxed('//more')).stderr).toMatch(/error OUTPUT_UNDECLARED \/\/more \(Shell\) wrote more,/);
  });

  it('what a command leaves running ends with it, and so does all when the build is ended', async () => {
    open(`
      export const left = shell({ script: 'sleep 1000 & echo ${crypto.randomUUID()} >/out/file' });
      export const slow = shell({ script: 'sleep 1000 & sleep 1000; echo ${crypto.randomUUID()}' });`);
    expect((await unsandboxed('//left')).exitCode).toBe(0);
    expect(await store.processesLeft()).toEqual([]);
    const build = project.start(['build', '//slow', '--unsandboxed']);
    await build.untilSaid('start //slow');
    build.interrupt();
    expect((await build.finished).exitCode).toBe(130);
    expect(await store.processesLeft()).toEqual([]);
    expect(store.names('sandboxes')).toEqual([]);
  });

  it('a failure is told as any other', async () => {
    open(`export const failing = shell({ script: 'echo what went wrong; exit 3' });`);
    const { exitCode, stderr } = await unsandboxed('//failing');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/error ACTION_FAILED \/\/failing \(Shell\): the command exited with 3[^]*what went wrong/);
  });
});
