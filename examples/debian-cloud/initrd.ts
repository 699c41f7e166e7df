/** Rule: the initrd that mounts the root file system, in the installation as on the finished disk. */
import { File, rule, stepModule, type Tree } from 'dsmb';
import { Initrd, type Kernel } from './kinds.ts';

/** Attributes of `initrd`. */
export interface InitrdAttributes {
  readonly kernel: Kernel;
  /** The package busybox-static. */
  readonly busybox: Tree;
  /** The script that runs first. */
  readonly init: File;
  /** Names of modules to load; what they need is loaded before. */
  readonly modules: readonly string[];
}

/** Makes an uncompressed cpio archive. */
export const initrd = rule<InitrdAttributes, 'Initrd'>({
  name: 'initrd',
  makes: Initrd,
  implement: ({ kernel, busybox, init, modules }, actions) =>
    actions.step({
      mnemonic: 'Initrd',
      module: stepModule<typeof import('./initrd.step.ts').default>(new URL('./initrd.step.ts', import.meta.url)),
      args: { modules },
      inputs: { kernel, busybox: busybox.at('usr/bin/busybox', File), init },
      outputs: { initrd: { name: 'initrd.img', kind: Initrd } },
    }).initrd,
});
