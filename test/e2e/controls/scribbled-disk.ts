/** Rule: a disk after something has written to it through an overlay, as a machine would. */
import { File, rule, stepModule } from 'dsmb';
import { Disk } from '../../../rules/kinds.ts';
import { vmTools } from '../../../rules/toolchains.ts';

/** `commands` are qemu-io's. */
export const scribbledDisk = rule<{ readonly disk: Disk; readonly commands: readonly string[] }, 'Disk'>({
  name: 'scribbledDisk',
  makes: Disk,
  implement: ({ disk, commands }, actions) =>
    actions.step({
      mnemonic: 'ScribbledDisk',
      module: stepModule<typeof import('./scribble.step.ts').default>(new URL('./scribble.step.ts', import.meta.url)),
      args: { commands },
      inputs: { disk },
      hints: { assembled: ['disk'] },
      outputs: { disk: { name: 'disk', kind: Disk }, summary: { name: 'summary.json', kind: File } },
      toolchains: [actions.toolchain(vmTools)],
    }).disk,
});
