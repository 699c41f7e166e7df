/** Rule: an initrd, or an overlay over one, from folders. */
import { rule, stepModule, type Tree } from 'dsmb';
import { CpioLzma } from '../rules/kinds.ts';
import { overlayTools } from '../rules/toolchains.ts';

const pack = stepModule<typeof import('./initrd.step.ts').default>(new URL('./initrd.step.ts', import.meta.url));

export const initrd = rule<
  {
    /** Folders laid over each other; a later one wins. */
    readonly layers: readonly Tree[];
    /** Symbolic links to add: path to target. */
    readonly links?: Readonly<Record<string, string>>;
  },
  'CpioLzma'
>({
  name: 'initrd',
  makes: CpioLzma,
  implement({ layers, links = {} }, actions) {
    const inputs = Object.fromEntries(layers.map((layer, index) => [`layer${index}`, layer]));
    return actions.step({
      mnemonic: 'GuestInitrd',
      module: pack,
      args: { layers: Object.keys(inputs), links },
      inputs,
      outputs: { initrd: { name: 'initrd.lzma', kind: CpioLzma } },
      toolchains: [actions.toolchain(overlayTools)],
      needs: { memoryMiB: 800 },
    }).initrd;
  },
});
