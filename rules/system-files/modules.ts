/** Rule: kernel modules from a kernel package, ready for an initrd. */
import { attr, rule, Tree } from 'dsmb';

/** Gives `usr/lib/modules/*.ko` and, where asked for, a list of the names in loading order. */
export const kernelModules = rule({
  name: 'kernelModules',
  makes: Tree,
  attributes: {
    /** The unpacked kernel package. */
    kernel: Tree,
    /** The kernel's version, as `uname -r` says it. */
    version: attr.string,
    modules: attr.list(attr.string),
    /** Where to list the names in loading order, for example `etc/modules.base`. */
    list: attr.optional(attr.string),
  },
  implement: ({ kernel, version, modules, list = '' }, actions) =>
    actions.step({
      mnemonic: 'KernelModules',
      module: () => import('./modules.step.ts'),
      args: { modules, list, folder: `usr/lib/modules/${version}/kernel` },
      inputs: { kernel },
      outputs: { modules: Tree },
    }).modules,
});
