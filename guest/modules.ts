/** Rule: kernel modules from a kernel package, ready for an initrd. */
import { rule, stepModule, Tree } from 'dsmb';

const collect = stepModule<typeof import('./modules.step.ts').default>(new URL('./modules.step.ts', import.meta.url));

/** Gives `usr/lib/modules/*.ko` and, where asked for, a list of the names in loading order. */
export const kernelModules = rule<
  {
    /** The unpacked kernel package. */
    readonly kernel: Tree;
    /** The kernel's version, as `uname -r` says it. */
    readonly version: string;
    readonly modules: readonly string[];
    /** Where to list the names in loading order, for example `etc/modules.base`. */
    readonly list?: string;
  },
  'Tree'
>({
  name: 'kernelModules',
  makes: Tree,
  implement: ({ kernel, version, modules, list = '' }, actions) =>
    actions.step({
      mnemonic: 'KernelModules',
      module: collect,
      args: { modules, list, folder: `usr/lib/modules/${version}/kernel` },
      inputs: { kernel },
      outputs: { modules: { name: 'modules', kind: Tree } },
    }).modules,
});
