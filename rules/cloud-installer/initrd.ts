/** Rule: folders as a gzip-compressed initrd, which needs no tool to be made and little memory to be unpacked. */
import { attr, File, rule, Tree } from 'dsmb';

export const gzipInitrd = rule({
  name: 'gzipInitrd',
  makes: File,
  attributes: {
    /** Folders laid over each other; a later one wins. */
    layers: attr.list(Tree),
    /** Symbolic links to add: path to target. */
    links: attr.record(attr.string),
  },
  implement({ layers, links }, actions) {
    const inputs = Object.fromEntries(layers.map((layer, index) => [`layer${index}`, layer]));
    return actions.step({
      mnemonic: 'InstallerInitrd',
      module: () => import('./initrd.step.ts'),
      args: { layers: Object.keys(inputs), links },
      inputs,
      outputs: { initrd: File },
    }).initrd;
  },
});
