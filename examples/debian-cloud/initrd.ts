/** Rule: the initrd that mounts the root file system, in the installation as on the finished disk. */
import { attr, File, rule, Tree } from 'dsmb';
import { Initrd, Kernel } from './kinds.ts';

/** Makes an uncompressed cpio archive. */
export const initrd = rule({
  name: 'initrd',
  makes: Initrd,
  attributes: {
    kernel: Kernel,
    /** The package busybox-static. */
    busybox: Tree,
    /** The script that runs first. */
    init: File,
    /** Names of modules to load; what they need is loaded before. */
    modules: attr.list(attr.string),
  },
  implement: ({ kernel, busybox, init, modules }, actions) =>
    actions.step({
      mnemonic: 'Initrd',
      module: () => import('./initrd.step.ts'),
      args: { modules },
      inputs: { kernel, busybox: busybox.at('usr/bin/busybox', File), init },
      outputs: { initrd: { name: 'initrd.img', kind: Initrd } },
    }).initrd,
});
