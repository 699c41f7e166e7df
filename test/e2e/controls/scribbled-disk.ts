/** Rule: a disk after something has written to it through an overlay, as a machine would. */
import { attr, File, rule } from 'dsmb';
import { Disk } from '../../../rules/kinds.ts';
import { vmTools } from '../../../rules/toolchains.ts';

/** `commands` are qemu-io's. */
export const scribbledDisk = rule({
  name: 'scribbledDisk',
  makes: Disk,
  attributes: { disk: Disk, commands: attr.list(attr.string) },
  implement: ({ disk, commands }, actions) =>
    actions.step({
      mnemonic: 'ScribbledDisk',
      module: () => import('./scribble.step.ts'),
      args: { commands },
      inputs: { disk },
      hints: { assembled: ['disk'] },
      outputs: { disk: Disk, summary: { name: 'summary.json', kind: File } },
      toolchains: [actions.toolchain(vmTools)],
    }).disk,
});
