/** Rule: boots a disk over IDE, with nothing else attached, and keeps what the console said. */
import { File, rule } from 'dsmb';
import { Disk } from '../../../rules/kinds.ts';
import { vmTools } from '../../../rules/toolchains.ts';

export const bootsOverIde = rule({
  name: 'bootsOverIde',
  makes: File,
  attributes: { disk: Disk },
  implement: ({ disk }, actions) =>
    actions.step({
      mnemonic: 'BootOverIde',
      module: () => import('./ide-boot.step.ts'),
      args: {},
      inputs: { disk },
      outputs: { console: { name: 'console.log', kind: File } },
      toolchains: [actions.toolchain(vmTools)],
      needs: { vm: true, memoryMiB: 1280 },
    }).console,
});
