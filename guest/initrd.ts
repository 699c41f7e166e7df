/** Rule: an initrd, or an overlay over one, from folders. */
import { attr, rule, Tree } from 'dsmb';
import { CpioLzma } from '../rules/kinds.ts';
import { overlayTools } from '../rules/toolchains.ts';

export const initrd = rule({
  name: 'initrd',
  makes: CpioLzma,
  attributes: {
    /** Folders laid over each other; a later one wins. */
    layers: attr.list(Tree),
    /** Symbolic links to add: path to target. */
    links: attr.optional(attr.record(attr.string)),
  },
  implement({ layers, links = {} }, actions) {
    const inputs = Object.fromEntries(layers.map((layer, index) => [`layer${index}`, layer]));
    return actions.step({
      mnemonic: 'GuestInitrd',
      module: () => import('./initrd.step.ts'),
      args: { layers: Object.keys(inputs), links },
      inputs,
      outputs: { initrd: { name: 'initrd.lzma', kind: CpioLzma } },
      toolchains: [actions.toolchain(overlayTools)],
      needs: { memoryMiB: 800 },
    }).initrd;
  },
});
