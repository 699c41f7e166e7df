/** Rule: the kernel of a package, under names that do not change with its version. */
import { attr, File, rule, Tree } from 'dsmb';
import { Initrd, Kernel } from './kinds.ts';

/** Composes `boot/vmlinuz` and `lib/modules`; nothing runs. */
export const kernel = rule({
  name: 'kernel',
  makes: Kernel,
  attributes: {
    /** Content of a package linux-image-…. */
    from: Tree,
    /** As in the names of its files: `6.1.0-56-cloud-amd64`. */
    release: attr.string,
  },
  implement: ({ from, release }, actions) =>
    actions.compose(Kernel, {
      'boot/vmlinuz': from.at(`boot/vmlinuz-${release}`, File),
      'lib/modules': from.at('usr/lib/modules', Tree),
    }),
});

/** What GRUB loads and the system needs of the kernel: `boot/vmlinuz`, `boot/initrd.img`, `usr/lib/modules`. */
export const bootFiles = rule({
  name: 'bootFiles',
  makes: Tree,
  attributes: { kernel: Kernel, initrd: Initrd },
  implement: ({ kernel, initrd }, actions) =>
    actions.compose(Tree, {
      'boot/vmlinuz': kernel.at('boot/vmlinuz', File),
      'boot/initrd.img': initrd,
      'usr/lib/modules': kernel.at('lib/modules', Tree),
    }),
});
