/** Rule: the kernel of a package, under names that do not change with its version. */
import { File, rule, Tree } from 'dsmb';
import { Kernel, type Initrd } from './kinds.ts';

/** Attributes of `kernel`. */
export interface KernelAttributes {
  /** Content of a package linux-image-…. */
  readonly from: Tree;
  /** As in the names of its files: `6.1.0-56-cloud-amd64`. */
  readonly release: string;
}

/** Composes `boot/vmlinuz` and `lib/modules`; nothing runs. */
export const kernel = rule<KernelAttributes, 'Kernel'>({
  name: 'kernel',
  makes: Kernel,
  implement: ({ from, release }, actions) =>
    actions.compose(Kernel, {
      'boot/vmlinuz': from.at(`boot/vmlinuz-${release}`, File),
      'lib/modules': from.at('usr/lib/modules', Tree),
    }),
});

/** What GRUB loads and the system needs of the kernel: `boot/vmlinuz`, `boot/initrd.img`, `usr/lib/modules`. */
export const bootFiles = rule<{ readonly kernel: Kernel; readonly initrd: Initrd }, 'Tree'>({
  name: 'bootFiles',
  makes: Tree,
  implement: ({ kernel, initrd }, actions) =>
    actions.compose(Tree, {
      'boot/vmlinuz': kernel.at('boot/vmlinuz', File),
      'boot/initrd.img': initrd,
      'usr/lib/modules': kernel.at('lib/modules', Tree),
    }),
});
