/** Virtual machines that are killed, alone or with what started them: nothing is published, nothing goes on running. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Project, TestStore } from '../rig/index.ts';
import { smallMachine } from '../rig/small-machine.ts';

let store: TestStore;
let project: Project;

beforeAll(() => {
  store = new TestStore('with tools');
  project = new Project(store, smallMachine());
});
afterAll(() => {
  project[Symbol.dispose]();
  store[Symbol.dispose]();
});

const declare = (until: string): void =>
  project.write(
    'build.dsm.ts',
    `import { machine } from './rules.ts'; export const vm = machine({ until: '${until}' });`,
  );

async function processNamed(part: string): Promise<number> {
  for (;;) {
    const found = store.processes().find((line) => line.includes(part));
    if (found) return Number(found.split(' ')[0]);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('a virtual machine', () => {
  it.each([['ends with its builder', 'src/cli/main.ts', undefined]])('%s', isEnded);

  it.each([
    ['that is killed fails its action', 'qemu-system-x86_64', /error VM_(?:START|EXITED) \/\/vm \(Machine\)/],
    ['ends with its sandbox', '/usr/bin/bwrap', /error ACTION_FAILED \/\/vm \(Machine\)/],
  ])('%s', { tags: 'long' }, isEnded);

  async function isEnded(_what: string, victim: string, says: RegExp | undefined): Promise<void> {
    declare('never said');
    const build = project.start(['build', '//vm']);
    await processNamed('qemu-system-x86_64 ');
    process.kill(await processNamed(victim), 'SIGKILL');
    const { exitCode, stderr } = await build.finished;
    expect(exitCode).toBe(says ? 1 : null);
    if (says) expect(stderr).toMatch(says);
    expect(await store.processesLeft()).toEqual([]);
    expect(store.names('incoming')).toEqual([]);
  }

  it('goes on to be built', async () => {
    declare('dsmb-canary');
    expect((await project.build(['//vm'])).executed).toEqual(['//vm']);
    expect(project.read('dsmb-out/vm/out')).toBe('whole');
    for (const folder of ['sandboxes', 'incoming', 'present.v1']) expect(store.names(folder)).toEqual([]);
    expect((await project.build(['//vm'])).executed).toEqual([]);
  });
});
