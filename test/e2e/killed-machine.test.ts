/** Virtual machines that are killed, alone or with what started them: nothing is published, nothing goes on running. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHECKOUT, Project, TestStore } from '../rig/index.ts';

const RULES = `
import { attr, File, rule, toolchain } from 'dsmb';
const vmTools = toolchain('qemu-system-x86', 'qemu-utils', 'seabios', 'ipxe-qemu');
export const machine = rule({
  name: 'machine',
  makes: File,
  attributes: { until: attr.string },
  implement: ({ until }, actions) =>
    actions.step({
      mnemonic: 'Machine',
      module: () => import('./machine.step.ts'),
      args: { until },
      inputs: {},
      outputs: { out: File },
      toolchains: [actions.toolchain(vmTools)],
    }).out,
});
`;

const STEP = `
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { step } from 'dsmb/step';
import { bootSector, HELLO, startVm } from 'dsmb/vm';
export default step<{ args: { until: string }; inputs: never; outputs: 'out' }>(
  async ({ args, outputs, scratch, progress }) => {
    const file = join(scratch, 'disk.img');
    writeFileSync(file, bootSector(HELLO, 'halt'));
    const disk = { file, format: 'raw', interface: 'ide', slot: 'hda', snapshot: true, bootIndex: 0 } as const;
    const logFile = join(scratch, 'machine.log');
    await using vm = await startVm({ memoryMiB: 16, accelerator: 'tcg', disks: [disk], logFile, scratch });
    writeFileSync(outputs.out, 'half');
    await vm.waitForConsoleText(args.until, 600_000);
    writeFileSync(outputs.out, 'whole');
  },
);
`;

let store: TestStore;
let project: Project;

beforeAll(() => {
  store = new TestStore('with tools');
  project = new Project(store, {
    'rules.ts': RULES,
    'machine.step.ts': STEP,
    'toolchain.lock.json': readFileSync(join(CHECKOUT, 'toolchain.lock.json'), 'utf8'),
  });
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
