/** Rule: boots a disk over IDE, with nothing else attached, and keeps what the console said. */
import { File, rule, stepModule } from 'dsmb';
import type { Disk } from '../../../rules/kinds.ts';
import { vmTools } from '../../../rules/toolchains.ts';

export const bootsOverIde = rule<{ readonly disk: Disk }, 'File'>({
  name: 'bootsOverIde',
  makes: File,
  implement: ({ disk }, actions) =>
    actions.step({
      mnemonic: 'BootOverIde',
      module: stepModule<typeof import('./ide-boot.step.ts').default>(new URL('./ide-boot.step.ts', import.meta.url)),
      args: {},
      inputs: { disk },
      outputs: { console: { name: 'console.log', kind: File } },
      toolchains: [actions.toolchain(vmTools)],
      needs: { vm: true, memoryMiB: 1280 },
    }).console,
});
