/** A rule whose step boots a machine that says hello and halts, and waits until its console has said something. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKOUT, type Files } from './project.ts';

const RULES = `
import { attr, File, rule, toolchain } from 'dsmb';
const vmTools = toolchain('qemu-system-x86', 'qemu-utils', 'seabios', 'ipxe-qemu');
export const machine = rule({
  name: 'machine',
  makes: File,
  attributes: { until: attr.string, waitMs: attr.optional(attr.integer) },
  implement: ({ until, waitMs = 600_000 }, actions) =>
    actions.step({
      mnemonic: 'Machine',
      module: () => import('./machine.step.ts'),
      args: { until, waitMs },
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
export default step<{ args: { until: string; waitMs: number }; inputs: never; outputs: 'out' }>(
  async ({ args, outputs, scratch, progress }) => {
    const file = join(scratch, 'disk.img');
    writeFileSync(file, bootSector(HELLO, 'halt'));
    const disk = { file, format: 'raw', interface: 'ide', slot: 'hda', snapshot: true, bootIndex: 0 } as const;
    const logFile = join(scratch, 'machine.log');
    await using vm = await startVm({ memoryMiB: 16, accelerator: 'tcg', disks: [disk], logFile, scratch });
    writeFileSync(outputs.out, 'half');
    await vm.waitForConsoleText(args.until, args.waitMs);
    writeFileSync(outputs.out, 'whole');
  },
);
`;

/** `rules.ts` with `machine({ until, waitMs })`, its step, and the lock of its toolchain. Needs a store with tools. */
export function smallMachine(): Files {
  return {
    'rules.ts': RULES,
    'machine.step.ts': STEP,
    'toolchain.lock.json': readFileSync(join(CHECKOUT, 'toolchain.lock.json'), 'utf8'),
  };
}
